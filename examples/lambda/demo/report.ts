import type { Findings } from './audit.js'
import type { Tally } from './buyers.js'

export interface Outcome {
  seats: number
  requests: number
  tally: Tally
  tickets: number
  takeoverMs: number
  sellingMs: number
  findings: Findings
}

/** The table for people, and whether everything is as it should be. */
export function report(outcome: Outcome): { lines: string[]; good: boolean } {
  const { seats, requests, tally, findings } = outcome
  const problems = [...findings.problems, ...tally.failures]
  if (tally.answered !== requests)
    problems.push(`${requests - tally.answered} of ${requests} buyers got neither a yes nor a no`)
  if (tally.sales.length !== seats) problems.push(`${tally.sales.length} buyers were told that they have a seat`)
  const good =
    findings.sold === seats &&
    tally.refused === requests - seats &&
    findings.oversold === 0 &&
    findings.lost === 0 &&
    problems.length === 0
  const lines = [
    ...table([
      ['requests', `${requests}`],
      ['sold', `${tally.sales.length}`],
      ['refused', `${tally.refused}`],
      ['sent again after 503', `${tally.busy}`],
      ['sent again after SIGKILL', `${tally.died}`],
      ['a booking, p50', milliseconds(percentile(tally.tookMs, 0.5))],
      ['a booking, p99', milliseconds(percentile(tally.tookMs, 0.99))],
      ['lease acquisitions', `${outcome.tickets} tickets`],
      ['takeover', milliseconds(outcome.takeoverMs)],
      ['all of it', milliseconds(outcome.sellingMs)],
    ]),
    '',
    ...problems.map((problem) => `problem: ${problem}`),
    `sold ${findings.sold} of ${seats}, refused ${tally.refused}, oversold ${findings.oversold}, ` +
      `lost ${findings.lost}, integrity ${findings.problems.length === 0 ? 'ok' : 'FAILED'}`,
  ]
  return { lines, good }
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function milliseconds(ms: number): string {
  return Number.isNaN(ms) ? '-' : `${ms.toFixed(0)} ms`
}

function table(rows: readonly (readonly [string, string])[]): string[] {
  const left = Math.max(...rows.map(([name]) => name.length))
  const right = Math.max(...rows.map(([, value]) => value.length))
  const rule = `+${'-'.repeat(left + 2)}+${'-'.repeat(right + 2)}+`
  return [rule, ...rows.map(([name, value]) => `| ${name.padEnd(left)} | ${value.padStart(right)} |`), rule]
}
