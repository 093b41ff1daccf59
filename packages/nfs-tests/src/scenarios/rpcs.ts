import type { Actor } from '../actor.js'
import type { Scenario } from '../scenario.js'
import type { Stage } from '../stage.js'
import { addEntry } from '../world.js'

const TIMES = 10

/** The RPCs of one `action` on a warm handle, on average. */
async function rpcsOf(actor: Actor, action: () => Promise<unknown>): Promise<number> {
  await action()
  const before = total(await actor.guest.rpcs())
  for (let time = 1; time <= TIMES; time++) await action()
  return (total(await actor.guest.rpcs()) - before) / TIMES
}

const total = (rpcs: Map<string, number>) => [...rpcs.values()].reduce((sum, count) => sum + count, 0)

async function count(stage: Stage): Promise<Record<string, number>> {
  const place = await stage.place()
  const actor = await stage.actor(stage.guest(1), place, { who: 'counted' })
  const read = { sql: 'SELECT balance FROM account WHERE id = ?', args: [1] }
  let n = 0
  const insert = () => addEntry('counted', n++)
  return {
    'point read': await rpcsOf(actor, () => actor.ask('query', read)),
    'five reads at once': await rpcsOf(actor, () => actor.ask('queries', { statements: times(5, () => read) })),
    insert: await rpcsOf(actor, () => actor.ask('query', insert())),
    'ten inserts in one COMMIT': await rpcsOf(actor, () => actor.ask('queries', { statements: times(10, insert) })),
    'transaction of three writes': await rpcsOf(actor, async () => {
      await actor.ask('begin', {})
      for (const statement of times(3, insert)) await actor.ask('run', statement)
      await actor.ask('commit', {})
    }),
    'empty transaction': await rpcsOf(actor, async () => {
      await actor.ask('begin', {})
      await actor.ask('commit', {})
    }),
  }
}

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make)

export const RPCS: Scenario[] = [
  {
    name: 'rpcs',
    shows:
      'the RPCs of an operation on a warm handle, by the kernel of a host; on EFS each costs one to three milliseconds',
    rounds: 1,
    play: async (stage) => ({ violations: [], measures: await count(stage) }),
  },
]
