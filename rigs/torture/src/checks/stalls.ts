import type { Fault } from '../faults/injector.js'
import type { Thaw } from '../lambda/watched-function.js'
import type { HistoryRecord } from '../worker/history.js'
import type { History } from './collector.js'
import { heldAt } from './takeovers.js'

/** A time in which somebody stood in line, or had the lease and waited for the file, and nobody could write. */
export interface Stall {
  /** What it is counted from: the last that befell somebody in the way. */
  from: number
  /** The next that anybody could do. */
  to: number
  /** For so long of it somebody waited. */
  waitedMs: number
  /** What befell whom. */
  cause: string
}

/** Both kinds, each in the order of time. */
export interface Stalls {
  /** From what befell a holder, or who may have stood in line, to the next grant. */
  ofLease: Stall[]
  /**
   * From the same to the next write, or transaction, of anybody; where an environment was frozen with SQLite's locks, from its
   * thaw or its end.
   */
  ofWrites: Stall[]
  /** How long who was frozen with SQLite's locks kept somebody waiting. */
  byLocks: Stall[]
}

interface Span {
  from: number
  to: number
}

/** Something after which others wait for nobody that lives. */
interface Obstacle {
  at: number
  cause: string
}

/** Finds them, by what everybody wrote down, and one machine's clock. */
export function stalls(histories: readonly History[], faults: readonly Fault[], thaws: readonly Thaw[]): Stalls {
  const records = histories.flatMap((history) => history.records)
  const endMs = records.reduce((last, { at }) => Math.max(last, at), 0)
  const byName = new Map(histories.map((history) => [history.name, history]))
  const inTheWay = faults
    .filter((fault) => isInTheWay(byName.get(fault.name), fault))
    .map(({ at, kind, name }) => ({ at, cause: `${kind}, ${name}` }))
  const locked = faults
    .filter(({ isLocking }) => isLocking)
    .map(({ at, pid, name }) => ({ at, name, to: endOf(pid, at, thaws, faults) ?? endMs }))
  const unlocked = locked.map(({ to, name }) => ({ at: to, cause: `thaw or end, ${name}` }))
  const grants = records.flatMap((record) => (isGrant(record) ? [record.at] : []))
  const progress = records.flatMap((record) => (isProgress(record) ? [record.at] : []))
  const spans = (isBegin: Test, isEnd: Test) => spansOf(histories, faults, isBegin, isEnd)
  // A holder that lives, and a transaction that is open, may take what time they take: neither is what it is about.
  const inLine = without(spans(isWaiting, isWaitingNoMore), spans(isGrant, isGivenBack))
  const beforeProgress = without(
    spans(
      (record) => isWaiting(record) || isGrant(record),
      (record) => isProgress(record) || isGivenBack(record) || (isWaitingNoMore(record) && !isGrant(record)),
    ),
    spans(({ type }) => type === 'begun', isTransactionOver),
  )
  return {
    ofLease: between(grants, inTheWay, inLine, endMs),
    ofWrites: between(progress, [...inTheWay, ...unlocked], beforeProgress, endMs),
    byLocks: locked.map(({ at, to, name }) => ({
      from: at,
      to,
      waitedMs: overlap(beforeProgress, { from: at, to }),
      cause: `frozen with locks, ${name}`,
    })),
  }
}

/** Had the lease, or may have had a place in line: of a join that was under way nothing is written down. */
function isInTheWay(history: History | undefined, { at, isLocking }: Fault): boolean {
  if (isLocking || heldAt(history, at) !== undefined) return true
  const open = new Set<string>()
  for (const record of history?.records ?? []) {
    if (record.at > at) break
    if (record.type === 'intent') open.add(record.id)
    if (record.type === 'ack' || record.type === 'fail') open.delete(record.id)
  }
  return open.size > 0
}

function endOf(pid: number, at: number, thaws: readonly Thaw[], faults: readonly Fault[]): number | undefined {
  const ends = [...thaws, ...faults.filter(({ kind }) => kind.startsWith('kill'))]
  return ends.flatMap((end) => (end.pid === pid && end.at > at ? [end.at] : [])).toSorted((a, b) => a - b)[0]
}

/** Judges a record; and with it the one that began what it may end. */
type Test = (record: HistoryRecord, begin?: HistoryRecord) => boolean

const isGrant: Test = (record) => record.type === 'lease' && record.event === 'acquired'

const isGivenBack: Test = (record) => record.type === 'lease' && record.event !== 'acquired' && record.event !== 'swept'

const isWaiting: Test = (record) => record.type === 'line' && record.event === 'waiting'

const isWaitingNoMore: Test = (record) => isGrant(record) || (record.type === 'line' && record.event === 'gave-up')

const isCommit: Test = (record) => record.type === 'file' && record.event === 'commit'

const isProgress: Test = (record) => record.type === 'ack' || record.type === 'begun' || isCommit(record)

const isTransactionOver: Test = (record, begin) =>
  isCommit(record) ||
  isGivenBack(record) ||
  (record.type === 'fail' && begin?.type === 'begun' && record.id === begin.id)

/** The times between what begins something in a process and what ends it there; what befalls the process ends it, too. */
function spansOf(histories: readonly History[], faults: readonly Fault[], isBegin: Test, isEnd: Test): Span[] {
  const spans: Span[] = []
  for (const { name, records } of histories) {
    const ends = faults.flatMap((fault) => (fault.name === name ? [{ at: fault.at, isFault: true as const }] : []))
    let begin: HistoryRecord | undefined
    for (const record of [...records, ...ends].toSorted((a, b) => a.at - b.at)) {
      if (begin && ('isFault' in record || isEnd(record, begin))) {
        spans.push({ from: begin.at, to: record.at })
        begin = undefined
      } else if (!('isFault' in record) && isBegin(record)) begin ??= record
    }
    if (begin) spans.push({ from: begin.at, to: Number.POSITIVE_INFINITY })
  }
  return union(spans)
}

/** For each time without progress, what is left of it after the last that was in the way. */
function between(
  progress: readonly number[],
  obstacles: readonly Obstacle[],
  waiting: readonly Span[],
  endMs: number,
): Stall[] {
  const ends = [...progress, endMs].toSorted((a, b) => a - b)
  const sorted = obstacles.toSorted((a, b) => a.at - b.at)
  let next = 0
  return ends.flatMap((to) => {
    let last: Obstacle | undefined
    for (; next < sorted.length && sorted[next]!.at < to; next++) last = sorted[next]
    if (!last) return []
    const { at: from, cause } = last
    return [{ from, to, cause, waitedMs: overlap(waiting, { from, to }) }]
  })
}

function union(spans: readonly Span[]): Span[] {
  const united: Span[] = []
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    const last = united.at(-1)
    if (last && from <= last.to) last.to = Math.max(last.to, to)
    else united.push({ from, to })
  }
  return united
}

const overlap = (spans: readonly Span[], { from, to }: Span): number =>
  spans.reduce((sum, span) => sum + Math.max(0, Math.min(span.to, to) - Math.max(span.from, from)), 0)

/** What is left of spans outside of others; both are in order, and none of either overlaps another. */
function without(spans: readonly Span[], others: readonly Span[]): Span[] {
  return spans.flatMap(({ from, to }) => {
    const left: Span[] = []
    let start = from
    for (const other of others) {
      if (other.to <= start || other.from >= to) continue
      if (other.from > start) left.push({ from: start, to: other.from })
      start = other.to
    }
    return start < to ? [...left, { from: start, to }] : left
  })
}
