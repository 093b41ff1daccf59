import { attemptsOf, type Rules } from './checks/checker.js'
import type { History } from './checks/collector.js'
import { takeovers } from './checks/takeovers.js'
import type { Violation } from './checks/violation.js'
import type { Fault } from './faults/injector.js'
import type { FaultyProxy } from './faults/proxy.js'
import type { Contestant } from './worker/contestant.js'

/** What a run was. */
export interface RunDescription {
  contestant: Contestant
  seed: number
  seconds: number
  writers: number
  ttlMs: number
  maxClockSkewMs: number
}

/** What a run was, did, and found. */
export interface Report extends RunDescription {
  processes: number
  /** Faults made to processes, by kind. */
  faults: Record<string, number>
  kills: number
  /** Those that hit somebody who had begun to work. */
  killsAtWork: number
  /** What the network did to requests, by kind. */
  network: FaultyProxy['counts']
  acknowledged: number
  /** Failed writes, by code. */
  failed: Record<string, number>
  /** Writes whose worker died before it had an answer. */
  unanswered: number
  /** Of the writes whose outcome their maker did not know: how many turned out to be in the file. */
  unknownButWritten: number
  entries: number
  reads: number
  readsFailed: Record<string, number>
  /** Reads that saw a state that never was, or an old one. */
  dirtyReads: number
  recoveries: number
  conflicts: number
  /** From the fault to the next grant. */
  takeoverAfterKillMs: Spread
  takeoverAfterFreezeMs: Spread
  /** The longest time in which no write of anybody was acknowledged. */
  longestGapMs: number
  /** Of a run on Lambda. */
  lambda?: LambdaReport
  /** By kind. */
  violations: Record<string, number>
  details: Violation[]
}

/** What a run on Lambda did beyond that. */
export interface LambdaReport {
  /** By what their handler was to do. */
  invocations: Record<string, number>
  coldStarts: number
  /** Kills of environments at their timeout, by what they had. */
  timeouts: Record<'with the lease' | 'in line' | 'with neither', number>
  /** Environments without `withLease` that were frozen with the lease. */
  frozenWithLease: number
  /** How long somebody waited in line after what befell a holder, or who was in line, until the next grant. */
  leaseStallMs: Spread
  /** The same until the next write of anybody; where SQLite's locks were frozen, from the end of that on. */
  writeStallMs: Spread
  /** How long who was frozen with SQLite's locks kept somebody waiting. */
  lockStallMs: Spread
}

/** How some times are spread. */
export interface Spread {
  count: number
  p50: number
  max: number
}

/** What a report is made of. */
export interface ReportSource {
  run: RunDescription
  network: FaultyProxy['counts']
  histories: readonly History[]
  faults: readonly Fault[]
  violations: readonly Violation[]
  dirtyReads: number
  entryIds: readonly string[]
  rules: Rules
  lambda?: LambdaReport
}

/** Counts. */
export function reportOf(source: ReportSource): Report {
  const { run, network, histories, faults, violations, rules, entryIds, dirtyReads, lambda } = source
  const records = histories.flatMap((history) => history.records)
  const attempts = attemptsOf(histories, rules)
  const written = new Set(entryIds)
  const times = takeovers(histories, faults)
  const acks = records.flatMap((record) => (record.type === 'ack' ? [record.at] : []))
  const atWork = new Set(
    histories.flatMap(({ name, records }) => (records.some(({ type }) => type !== 'start') ? [name] : [])),
  )
  const answered = records.filter(({ type }) => type === 'ack' || type === 'fail').length
  const count = (type: string, event: string) =>
    records.filter((record) => record.type === type && 'event' in record && record.event === event).length
  return {
    ...run,
    network,
    dirtyReads,
    processes: histories.filter((history) => history.records.length > 0).length,
    faults: countBy(faults.map(({ kind }) => kind)),
    kills: faults.filter(({ kind }) => kind.startsWith('kill')).length,
    killsAtWork: faults.filter(({ kind, name }) => kind.startsWith('kill') && atWork.has(name)).length,
    acknowledged: acks.length,
    failed: countBy(records.flatMap((record) => (record.type === 'fail' ? [record.code] : []))),
    unanswered: attempts.size - answered,
    unknownButWritten: [...attempts.values()].filter(({ id, outcome }) => outcome === 'unknown' && written.has(id))
      .length,
    entries: entryIds.length,
    reads: records.filter(({ type }) => type === 'read').length,
    readsFailed: countBy(records.flatMap((record) => (record.type === 'read-failed' ? [record.code] : []))),
    recoveries: count('file', 'recovery'),
    conflicts: count('file', 'conflict'),
    takeoverAfterKillMs: spread(times.afterKillMs),
    takeoverAfterFreezeMs: spread(times.afterFreezeMs),
    longestGapMs: Math.round(longestGap(acks)),
    ...(lambda && { lambda }),
    violations: countBy(violations.map(({ kind }) => kind)),
    details: violations.slice(0, 100),
  }
}

/** How often each name is there. */
export function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

/** Of times in their order. */
export const spread = (sorted: readonly number[]): Spread => ({
  count: sorted.length,
  p50: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0),
  max: Math.round(sorted.at(-1) ?? 0),
})

function longestGap(times: readonly number[]): number {
  let longest = 0
  const sorted = times.toSorted((a, b) => a - b)
  for (const [index, at] of sorted.entries()) longest = Math.max(longest, at - (sorted[index - 1] ?? at))
  return longest
}
