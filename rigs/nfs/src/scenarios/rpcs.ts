import type { Actor } from '../actor.js'
import type { Scenario } from '../scenario.js'
import type { Stage } from '../stage.js'
import { addEntry } from '../world.js'

const TIMES = 11

/** What is counted, and how many RPCs it may be. */
interface Counted {
  what: string
  atMost: number
  action: (actor: Actor) => Promise<unknown>
}

const read = { sql: 'SELECT balance FROM account WHERE id = ?', args: [1] }
const related = { sql: 'SELECT id, balance FROM account WHERE id IN (?, ?, ?)', args: [2, 3, 4] }
let n = 0
const insert = () => addEntry('counted', n++)
const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make)

/** As Prisma sends them: `findMany` with `include` is two SELECTs, the second one made of what the first one gave. */
const COUNTED: readonly Counted[] = [
  { what: 'point read', atMost: 11, action: (actor) => actor.ask('query', read) },
  {
    what: 'findMany with include',
    atMost: 11,
    action: (actor) => actor.ask('series', { statements: [read, related] }),
  },
  {
    what: 'five reads at once',
    atMost: 11,
    action: (actor) => actor.ask('queries', { statements: times(5, () => read) }),
  },
  { what: 'insert', atMost: 26, action: (actor) => actor.ask('query', insert()) },
  {
    what: 'insert, then a read',
    atMost: 40,
    action: (actor) => actor.ask('series', { statements: [insert(), read] }),
  },
  {
    what: 'ten inserts at once',
    atMost: 26,
    action: (actor) => actor.ask('queries', { statements: times(10, insert) }),
  },
  {
    what: '100 inserts at once',
    atMost: 60,
    action: (actor) => actor.ask('queries', { statements: times(100, insert) }),
  },
  {
    what: 'transaction of three writes',
    atMost: 26,
    action: async (actor) => {
      await actor.ask('begin', {})
      for (const statement of times(3, insert)) await actor.ask('run', statement)
      await actor.ask('commit', {})
    },
  },
  {
    what: 'empty transaction',
    atMost: 15,
    action: async (actor) => {
      await actor.ask('begin', {})
      await actor.ask('commit', {})
    },
  },
]

/** The RPCs of one operation by their names, most first. */
type Rpcs = [name: string, count: number][]

const totalOf = (rpcs: Rpcs) => rpcs.reduce((sum, [, count]) => sum + count, 0)

/** The RPCs of one `action` on a warm handle, the median of some: an overloaded host cuts what is to be one read or one COMMIT into two. */
async function rpcsOf(actor: Actor, action: Counted['action']): Promise<Rpcs> {
  await action(actor)
  const each: Rpcs[] = []
  let before = await actor.guest.rpcs()
  for (let time = 1; time <= TIMES; time++) {
    await action(actor)
    const after = await actor.guest.rpcs()
    const rpcs = [...after].map(([name, count]): Rpcs[number] => [name, count - (before.get(name) ?? 0)])
    each.push(rpcs.filter(([, count]) => count > 0).toSorted(([, a], [, b]) => b - a))
    before = after
  }
  return each.toSorted((a, b) => totalOf(a) - totalOf(b))[TIMES >> 1]!
}

async function count(stage: Stage) {
  const place = await stage.place()
  await stage.giveAway(place)
  const actor = await stage.actor(stage.guest(1), place, { owner: 'counted', isUnprivileged: true })
  const measures: Record<string, number> = {}
  const violations: string[] = []
  for (const { what, atMost, action } of COUNTED) {
    const rpcs = await rpcsOf(actor, action)
    const total = totalOf(rpcs)
    measures[what] = total
    const named = rpcs.map(([name, rpcs]) => `${name} ${rpcs}`).join(', ')
    console.log(`    ${what}: ${total} RPCs, at most ${atMost} (${named})`)
    if (total > atMost) violations.push(`${what} was ${total} RPCs, not ${atMost}: ${named}`)
  }
  return { violations, measures }
}

export const RPCS: Scenario[] = [
  {
    name: 'rpcs',
    shows:
      'an operation on a warm handle is no more RPCs than it may be, by the kernel of a host; on EFS each costs one to three milliseconds',
    rounds: 1,
    play: count,
  },
]
