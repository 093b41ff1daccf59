import { setTimeout as wait } from 'node:timers/promises'
import type { Leaser } from '@sqlite-efs/lease'
import type { LocalFunction } from '@sqlite-efs/local-lambda'

/** What a process sent before it was stopped has arrived by then. */
const ARRIVAL_MS = 50

/** Kills an environment while it holds the lease: it is stopped first, so that it still holds the lease when it dies. */
export async function killHolder(leaser: Leaser, key: string, api: LocalFunction) {
  for (;;) {
    const holder = (await leaser.inspect(key)).contenders[0]
    // On Lambda a contender calls itself by the end of its log stream's name.
    const name = holder?.owner.replace('lambda:', '') ?? '?'
    const pid = api.environments.find(({ logStreamName }) => logStreamName.endsWith(name))?.pid
    if (holder && pid) {
      process.kill(pid, 'SIGSTOP')
      await wait(ARRIVAL_MS)
      if ((await leaser.inspect(key)).contenders[0]?.id === holder.id) {
        process.kill(pid, 'SIGKILL')
        return { pid, id: holder.id }
      }
      // Its invocation may have ended in the meantime, and then it is frozen as it should be.
      if (api.environments.some((each) => each.pid === pid && each.state === 'busy')) process.kill(pid, 'SIGCONT')
    }
    await wait(1)
  }
}

/** Resolves when the lease of the dead is gone and another has its turn. */
export async function takenOver(leaser: Leaser, key: string, deadId: string): Promise<void> {
  for (;;) {
    const { contenders } = await leaser.inspect(key)
    if (contenders.length > 0 && contenders.every(({ id }) => id !== deadId)) return
    await wait(20)
  }
}
