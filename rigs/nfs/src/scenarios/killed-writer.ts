import { setTimeout as sleep } from 'node:timers/promises'
import type { Actor } from '../actor.js'
import type { PollReport } from '../guest/protocol.js'
import type { Outcome, Scenario } from '../scenario.js'
import type { Cast, Place, Stage } from '../stage.js'
import { hotJournal, whatIsWrong } from '../verdict.js'
import { ADD_TO_ALL } from '../world.js'

const SIGKILL = 9
const POLL_EVERY_MS = 20
/** Long enough for the pollers' kernels to have remembered what they will remember. */
const POLLED_FOR_MS = 4_000

/** Errors that say what happened and that nothing was written: those a caller may try again after. */
export const SAFE_TO_TRY_AGAIN = ['BUSY', 'LEASE_TIMEOUT', 'WRITE_CONFLICT', 'TRANSACTION_CLOSED']

/** What is wrong with what a poller saw. */
export function wrongWith(owner: string, { torn, backwards, looks }: PollReport): string[] {
  return [
    ...(torn.length > 0
      ? [`${owner} read half a transaction ${torn.length} times, first ${JSON.stringify(torn[0])}`]
      : []),
    ...(backwards > 0 ? [`${owner} saw less than before ${backwards} times`] : []),
    ...(looks === 0 ? [`${owner} could not read at all`] : []),
  ]
}

/** Looks that failed otherwise than this project's may. */
export const untypedFailures = (owner: string, { failed }: PollReport): string[] =>
  Object.entries(failed)
    .filter(([code]) => !SAFE_TO_TRY_AGAIN.includes(code))
    .map(([code, count]) => `${owner} was told ${code} ${count} times`)

/** Writes on, and comes back from errors that are safe to try again. */
export async function addAtLast(actor: Actor, tries = 20): Promise<{ failed: number }> {
  for (let failed = 0; ; failed++) {
    try {
      await actor.ask('add', {})
      return { failed }
    } catch (error) {
      if (failed >= tries) throw error
    }
  }
}

interface Kill {
  /** The writer that dies. */
  victim: Cast
  /** Everyone else. */
  others: Partial<Cast>
  place(stage: Stage): Promise<Place>
  /** What the victim does until it is dead. */
  until(victim: Actor): Promise<unknown>
}

/** A writer dies on host 1, while the others have been reading for a while; then they read on, and write. */
async function kill(stage: Stage, { victim, others, place: makePlace, until }: Kill): Promise<Outcome> {
  const place = await makePlace(stage)
  const [dying, second, third] = await Promise.all([
    stage.actor(stage.guest(1), place, victim),
    stage.actor(stage.guest(2), place, { ...others, owner: 'second' }),
    stage.actor(stage.guest(3), place, { ...others, owner: 'third' }),
  ])
  await second.ask('poll', { everyMs: POLL_EVERY_MS })
  await third.ask('poll', { everyMs: POLL_EVERY_MS })
  await sleep(POLLED_FOR_MS)
  await until(dying).catch(() => {})
  await dying.process.ended
  const diedAtMs = performance.now()
  const isHot = (await hotJournal(place.onServer)) !== undefined
  const violations: string[] = []
  const attempt = async (action: () => Promise<unknown>) => {
    try {
      await action()
    } catch (error) {
      violations.push(String(error))
    }
  }
  await attempt(() => addAtLast(second))
  const takenOverMs = Math.round(performance.now() - diedAtMs)
  await attempt(() => addAtLast(third))
  await attempt(() => addAtLast(second))
  const reports = await Promise.all([second.ask('polled', {}), third.ask('polled', {})])
  violations.push(...wrongWith('the second host', reports[0]), ...wrongWith('the third host', reports[1]))
  if (others.kind !== 'raw') {
    violations.push(...untypedFailures('the second host', reports[0]), ...untypedFailures('the third host', reports[1]))
  }
  const acknowledged = { [victim.owner]: dying.acknowledged, second: second.acknowledged, third: third.acknowledged }
  violations.push(...(await whatIsWrong(place.onServer, acknowledged)))
  return {
    violations,
    counts: {
      'hot journals': isHot ? 1 : 0,
      looks: reports[0].looks + reports[1].looks,
      'torn looks': reports[0].torn.length + reports[1].torn.length,
      'failed looks': sum(reports[0].failed) + sum(reports[1].failed),
      acknowledged: Object.values(acknowledged).flat().length,
    },
    measures: {
      'taken over after ms': takenOverMs,
      'longest gap of a reader ms': Math.round(Math.max(reports[0].longestGapMs, reports[1].longestGapMs)),
    },
  }
}

/**
 * The one who rolls back what a dead writer left dies himself, in the middle of it; then comes a third. He stands in line before the
 * first dies, and for longer than the dead one's lease: the reader, who also rolls back what he meets, comes after him.
 */
async function killInRecovery(stage: Stage): Promise<Outcome> {
  const place = await stage.place()
  const timeoutMs = 60_000
  const [first, second, third] = await Promise.all([
    stage.actor(stage.guest(1), place, { owner: 'first', timeoutMs, dieAt: `.db:${random(300, 1000)}:${SIGKILL}` }),
    stage.actor(stage.guest(2), place, { owner: 'second', timeoutMs, dieAt: `.db:${random(1, 300)}:${SIGKILL}` }),
    stage.actor(stage.guest(3), place, { owner: 'third' }),
  ])
  await third.ask('poll', { everyMs: POLL_EVERY_MS })
  await first.ask('begin', {})
  await first.ask('run', { sql: ADD_TO_ALL })
  void second.ask('addForever', {}).catch(() => {})
  await stage.untilInLine(place, 2)
  await first.ask('commit', {}).catch(() => {})
  await first.process.ended
  const left = await hotJournal(place.onServer)
  await second.process.ended
  const diedAtMs = performance.now()
  const found = await hotJournal(place.onServer)
  const { failed } = await addAtLast(third)
  const takenOverMs = Math.round(performance.now() - diedAtMs)
  const polled = await third.ask('polled', {})
  const acknowledged = { first: first.acknowledged, second: second.acknowledged, third: third.acknowledged }
  return {
    violations: [
      ...wrongWith('the third host', polled),
      ...untypedFailures('the third host', polled),
      ...(await whatIsWrong(place.onServer, acknowledged)),
    ],
    counts: {
      'hot journals': found === undefined ? 0 : 1,
      // A journal of his own would be that of his own COMMIT.
      'deaths in recovery': left !== undefined && left === found ? 1 : 0,
      looks: polled.looks,
      'torn looks': polled.torn.length,
      'failed writes': failed,
    },
    measures: { 'taken over after ms': takenOverMs },
  }
}

const sum = (counts: Record<string, number>) => Object.values(counts).reduce((total, count) => total + count, 0)

/** With ten pages of cache most of a transaction is in the file before its COMMIT. */
const SPILLS = { owner: 'dying', kind: 'raw', cachePages: 10 } as const

const diesInTransaction = async (victim: Actor) => {
  await victim.ask('begin', {})
  await victim.ask('run', { sql: ADD_TO_ALL })
  await victim.kill()
}

const random = (from: number, to: number) => from + Math.floor(Math.random() * (to - from))

/** What a crash leaves to be rolled back, without which its scenario would show nothing. */
const CRASHES = ['hot journals']

const control = (journalMode: 'DELETE' | 'TRUNCATE'): Scenario => ({
  name: `control-${journalMode.toLowerCase()}`,
  shows: `libsql alone in journal mode ${journalMode}: when a writer is killed after its cache spilled, others read half of it, or the file is bad`,
  rounds: 3,
  isControl: true,
  play: (stage) =>
    kill(stage, {
      place: () => stage.rawPlace(),
      victim: { ...SPILLS, journalMode },
      others: { kind: 'raw', journalMode },
      until: diesInTransaction,
    }),
})

/** What the controls do, but for the journal: so it is the journal that makes the difference. */
const PERSIST_ALONE: Scenario = {
  name: 'persist-alone',
  shows:
    'the same as the controls, libsql alone, in journal mode PERSIST with a journal that is there from the start: others read nothing torn, and the file is good',
  rounds: 3,
  needs: CRASHES,
  play: (stage) =>
    kill(stage, {
      place: () => stage.rawPlace('PERSIST'),
      victim: { ...SPILLS, journalMode: 'PERSIST' },
      others: { kind: 'raw', journalMode: 'PERSIST' },
      until: diesInTransaction,
    }),
}

export const KILLED_WRITER: Scenario[] = [
  {
    name: 'killed-in-commit',
    shows:
      'a writer that is killed at any write of its COMMIT leaves nothing torn: others read and write on, and what it acknowledged is there',
    rounds: 8,
    needs: CRASHES,
    play: (stage) =>
      kill(stage, {
        place: () => stage.place(),
        victim: { owner: 'dying', dieAt: `.db:${random(1, 4000)}:${SIGKILL}` },
        others: {},
        until: (victim) => victim.ask('addForever', {}),
      }),
  },
  {
    name: 'killed-in-journal',
    shows: 'the same, killed at any write to its journal',
    rounds: 4,
    play: (stage) =>
      kill(stage, {
        place: () => stage.place(),
        victim: { owner: 'dying', dieAt: `-journal:${random(1, 8000)}:${SIGKILL}` },
        others: {},
        until: (victim) => victim.ask('addForever', {}),
      }),
  },
  {
    name: 'killed-in-recovery',
    shows: 'the same where who comes next is killed, too, while it rolls back: the third finds all in order',
    rounds: 4,
    needs: ['deaths in recovery'],
    play: killInRecovery,
  },
  {
    name: 'killed-in-transaction',
    shows: 'a writer that is killed in an open transaction leaves nothing of it',
    rounds: 2,
    play: (stage) =>
      kill(stage, { place: () => stage.place(), victim: { owner: 'dying' }, others: {}, until: diesInTransaction }),
  },
  {
    name: 'killed-after-spill',
    shows:
      'half a transaction that a killed stranger in PERSIST mode left in the file is read by nobody, and rolled back under the lease',
    rounds: 4,
    needs: CRASHES,
    play: (stage) =>
      kill(stage, {
        place: () => stage.place(),
        victim: { ...SPILLS, journalMode: 'PERSIST' },
        others: {},
        until: diesInTransaction,
      }),
  },
  control('DELETE'),
  control('TRUNCATE'),
  PERSIST_ALONE,
]
