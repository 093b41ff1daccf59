import { setTimeout as wait } from 'node:timers/promises'
import type { Leaser } from '@sqlite-efs/lease'

/**
 * Kills a process while it holds the lease: it is stopped first, so that it still holds the lease when it dies.
 *
 * @param pidOf - who of those in line is which process
 */
export async function killHolder(leaser: Leaser, key: string, pidOf: (who: string) => number | undefined) {
  for (;;) {
    const holder = (await leaser.inspect(key)).contenders[0]
    const pid = holder && pidOf(holder.who)
    if (holder && pid) {
      process.kill(pid, 'SIGSTOP')
      if ((await leaser.inspect(key)).contenders[0]?.id === holder.id) {
        process.kill(pid, 'SIGKILL')
        return { pid, id: holder.id }
      }
      process.kill(pid, 'SIGCONT')
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
