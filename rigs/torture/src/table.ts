import type { LambdaReport, Report } from './report.js'

/** A report as a Markdown table, for people. */
export function tableOf(report: Report): string {
  const { faults, network, failed, violations, takeoverAfterKillMs: kill, takeoverAfterFreezeMs: freeze } = report
  const of = (kind: string) => violations[kind] ?? 0
  const rows: Row[] = [
    ['contestant', report.contestant],
    ['seed', report.seed],
    ['minutes', (report.seconds / 60).toFixed(1)],
    ['writer processes at a time, and in all', `${report.writers}, ${report.processes}`],
    ['lease (ms), skew (ms)', `${report.ttlMs}, ${report.maxClockSkewMs}`],
    ['kills, of them of processes at work', `${report.kills}, ${report.killsAtWork}`],
    ...sorted(faults),
    ['harm to requests', list(network)],
    ['writes acknowledged', report.acknowledged],
    ['writes failed, by code', list(failed)],
    ['writes whose process died first', report.unanswered],
    ['writes of unknown outcome that are in the file', report.unknownButWritten],
    ['reads', report.reads],
    ['reads failed, by code', list(report.readsFailed)],
    ['recoveries by readers, conflicts', `${report.recoveries}, ${report.conflicts}`],
    ['takeover after a kill of the holder (count, p50, max ms)', `${kill.count}, ${kill.p50}, ${kill.max}`],
    ['takeover after a freeze of the holder (count, p50, max ms)', `${freeze.count}, ${freeze.p50}, ${freeze.max}`],
    ['longest time without an acknowledged write (ms)', report.longestGapMs],
    ...(report.lambda ? lambdaRows(report.lambda) : []),
    ['**lost**', of('lost')],
    ['**duplicated**', of('duplicated')],
    ['**half there**', of('half') + of('unknown entry')],
    ['**written though said not to be**', of('written all the same')],
    ['**sums that do not add up**', of('sum')],
    ['**torn, stale reads**', `${of('torn read')}, ${of('stale read')}`],
    ['dirty reads that are not held against it', report.dirtyReads],
    ['**out of order, fence went back**', `${of('order')}, ${of('fence')}`],
    ['**integrity_check, indexes**', of('integrity')],
    ['**unexpected errors, accidents**', `${of('unexpected error')}, ${of('accident')}`],
    ...(report.lambda
      ? [['**stalls, left behind in `withLease`**', `${of('stall')}, ${of('left behind')}`] satisfies Row]
      : []),
  ]
  const lines = rows.map(([name, value]) => `| ${name} | ${value} |`)
  const details = report.details.slice(0, 20).map(({ kind, detail }) => `- ${kind}: ${detail}`)
  return ['| | |', '|---|---|', ...lines, '', ...details].join('\n').trimEnd()
}

type Row = [string, string | number]

function lambdaRows(report: LambdaReport): Row[] {
  const { invocations, timeouts, leaseStallMs: lease, writeStallMs: write, lockStallMs: lock } = report
  return [
    ['invocations', list(invocations)],
    ['cold starts', report.coldStarts],
    ['timeouts', list(timeouts)],
    ['frozen with the lease, without `withLease`', report.frozenWithLease],
    ['wait for the next grant after a fault (count, p50, max ms)', `${lease.count}, ${lease.p50}, ${lease.max}`],
    ['wait for the next write after a fault (count, p50, max ms)', `${write.count}, ${write.p50}, ${write.max}`],
    ['wait for frozen locks, without `withLease` (count, p50, max ms)', `${lock.count}, ${lock.p50}, ${lock.max}`],
  ]
}

const list = (counts: Counts) =>
  sorted(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || 'none'

type Counts = Readonly<Partial<Record<string, number>>>

const sorted = (counts: Counts) =>
  Object.entries(counts)
    .map(([name, count = 0]): [string, number] => [name, count])
    .toSorted(([a], [b]) => a.localeCompare(b))
