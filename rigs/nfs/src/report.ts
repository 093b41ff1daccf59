import type { Outcome, Scenario } from './scenario.js'

/** A scenario, and what its rounds showed. */
export interface Result {
  scenario: Scenario
  outcomes: Outcome[]
}

/** Rounds that showed what must not happen. */
export const badRounds = ({ outcomes }: Result) => outcomes.filter(({ violations }) => violations.length > 0).length

/** What had to happen for the scenario to show anything, and never did. */
export const missed = ({ scenario, outcomes }: Result) =>
  (scenario.needs ?? []).filter((name) => !outcomes.some(({ counts }) => (counts?.[name] ?? 0) > 0))

/** A control has to show what the others must not. */
export const isPassed = (result: Result) =>
  result.outcomes.length > 0 &&
  result.outcomes.every(({ cameToNothing }) => cameToNothing === undefined) &&
  missed(result).length === 0 &&
  badRounds(result) > 0 === (result.scenario.isControl ?? false)

/** The table at the end of a run. */
export function table(results: readonly Result[]): string {
  const rows = results.map((result) => [
    isPassed(result) ? 'ok' : 'FAILED',
    result.scenario.name,
    String(result.outcomes.length),
    String(badRounds(result)),
    numbersOf(result.outcomes),
  ])
  const lines = [['', 'scenario', 'rounds', 'bad', 'numbers'], ...rows]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((line) => line[column]!.length)))
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function numbersOf(outcomes: readonly Outcome[]): string {
  const counts: Record<string, number> = {}
  const measures: Record<string, number[]> = {}
  for (const outcome of outcomes) {
    for (const [name, count] of Object.entries(outcome.counts ?? {})) counts[name] = (counts[name] ?? 0) + count
    for (const [name, value] of Object.entries(outcome.measures ?? {})) (measures[name] ??= []).push(value)
  }
  return [
    ...Object.entries(counts).map(([name, count]) => `${name}: ${count}`),
    ...Object.entries(measures).map(([name, values]) => `${name}: ${range(values)}`),
  ].join(', ')
}

function range(values: readonly number[]): string {
  const smallest = Math.min(...values)
  const largest = Math.max(...values)
  return smallest === largest ? String(smallest) : `${smallest} to ${largest}`
}
