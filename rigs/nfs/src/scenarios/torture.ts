import { Random } from '@sqlite-efs/toolkit/random'
import {
  check,
  createBank,
  type FinalState,
  readFinalState,
  type Violation,
  type WorkerConfig,
} from '@sqlite-efs/torture'
import type { Guest } from '../guest.js'
import type { Outcome, Scenario } from '../scenario.js'
import type { Place, Stage } from '../stage.js'
import { Crowd } from '../torture/crowd.js'
import { HostClocks } from '../torture/host-clocks.js'
import { Injector } from '../torture/injector.js'
import { lookAtCopy } from '../verdict.js'

const TTL_MS = 3_000
const FAULT_EVERY_MS = 5_000
/** A COMMIT writes some ten pages: so a worker dies in one of its first few. */
const WRITES = { from: 1, to: 80 }

interface Rules {
  contestant: WorkerConfig['contestant']
  /** The official adapter promises nothing of its errors. */
  holdsErrorsToTheirWord: boolean
}

/** The bank of rigs/torture, with its tellers on three hosts. */
async function torture(stage: Stage, { contestant, holdsErrorsToTheirWord }: Rules): Promise<Outcome> {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const random = new Random(seed)
  const place = await stage.emptyPlace()
  await createBank(place.onServer)
  const clocks = await HostClocks.compare(stage, place)
  const crowd = new Crowd({
    start: (guest, role, name) => {
      const dieAt =
        role === 'writer' && random.chance(0.5) ? `.db:${random.whole(WRITES.from, WRITES.to + 1)}:9` : undefined
      const config = {
        role,
        name,
        contestant,
        ttlMs: TTL_MS,
        maxClockSkewMs: 500,
        tellers: 2,
        seed: random.whole(0, 2 ** 30 + 1),
        transactionMode: random.chance(role === 'reader' ? 1 : 0.3) ? 'deferred' : 'immediate',
        patience: random.weighted({ patient: 60, default: 30, hasty: 10 }),
      } as const
      return stage.worker(guest, place, config, dieAt)
    },
  })
  for (const guest of stage.guests) {
    for (const role of ['writer', 'writer', 'reader'] as const) crowd.add(guest, role)
  }
  await crowd.firstAcknowledgement()
  const injector = new Injector({ stage, crowd, random, everyMs: FAULT_EVERY_MS, ttlMs: TTL_MS })
  await injector.run(stage.minutes * 60_000)
  await crowd.goHome()

  const histories = clocks.onOneClock(crowd.histories)
  const state = await lookAtCopy(place.onServer, readFinalState)
  const found = check(histories, state, { holdsErrorsToTheirWord, holdsReads: true })
  const records = histories.flatMap((history) => history.records)
  const acknowledged = records.flatMap((record) => (record.type === 'ack' ? [record.at] : [])).toSorted((a, b) => a - b)
  const count = (type: string) => records.filter((record) => record.type === type).length
  return {
    violations: [
      ...summary(found),
      ...crowd.accidents,
      ...(holdsErrorsToTheirWord ? await disagreeing(stage, place, state) : []),
    ],
    counts: {
      processes: histories.length,
      ...injector.counts,
      'deaths in COMMIT': crowd.deathsByThemselves,
      acknowledged: acknowledged.length,
      failed: count('fail'),
      reads: count('read'),
      'reads that failed': count('read-failed'),
      recoveries: records.filter((record) => record.type === 'file' && record.event === 'recovery').length,
    },
    measures: {
      'entries in the file': state.entries.length,
      'longest time without a write ms': Math.round(longestGap(acknowledged)),
      'clocks compared within ms': Math.ceil(clocks.withinMs),
    },
  }
}

const longestGap = (times: readonly number[]) =>
  times.reduce((longest, at, index) => Math.max(longest, at - (times[index - 1] ?? at)), 0)

/** A few of each kind, and how many there were. */
function summary(violations: readonly Violation[]): string[] {
  return [...new Set(violations.map(({ kind }) => kind))].flatMap((kind) => {
    const ofKind = violations.filter((violation) => violation.kind === kind)
    return [
      ...ofKind.slice(0, 3).map(({ detail }) => `${kind}: ${detail}`),
      ...(ofKind.length > 3 ? [`${kind}: ${ofKind.length - 3} more`] : []),
    ]
  })
}

/** New readers on every host must see what is in the file on the server. */
async function disagreeing(stage: Stage, place: Place, { accounts, entries }: FinalState): Promise<string[]> {
  const there = `${accounts.reduce((sum, { balance }) => sum + balance, 0)},${entries.length}`
  const look = async (guest: Guest) => {
    const reader = await stage.actor(guest, place, { owner: 'last' })
    const sql = 'SELECT (SELECT sum("balance") FROM "Account"), (SELECT count(*) FROM "Entry")'
    const seen = (await reader.ask('query', { sql }))[0]?.join()
    return seen === there ? [] : [`host ${guest.number} reads ${seen}, the server has ${there}`]
  }
  return (await Promise.all(stage.guests.map(look))).flat()
}

export const TORTURE: Scenario[] = [
  {
    name: 'torture',
    shows:
      'the bank of rigs/torture through Prisma on three hosts, with kills (in COMMIT, too) and freezes of processes and hosts: nothing is lost, torn, stale or half there',
    rounds: 1,
    play: (stage) => torture(stage, { contestant: 'lease', holdsErrorsToTheirWord: true }),
  },
  {
    name: 'control-official',
    shows: 'the same with @prisma/adapter-libsql and its defaults: something is lost, torn or broken',
    rounds: 1,
    isControl: true,
    play: (stage) => torture(stage, { contestant: 'official', holdsErrorsToTheirWord: false }),
  },
]
