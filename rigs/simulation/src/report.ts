import { commandOf } from './arguments.js'
import type { PlanOptions } from './plan/plan.js'
import type { Shrunk } from './shrink.js'
import type { TraceEntry } from './world/trace.js'

/** What there is to say about a run that failed, once it is small. */
export function failureReport(options: PlanOptions, shrunk: Shrunk, mutant?: string): string {
  const { violation, trace } = shrunk.outcome
  return [
    `Seed ${options.seed} violates "${violation?.rule}": ${violation?.message}`,
    '',
    ...traceLines(trace),
    '',
    `What is left of it after ${shrunk.runs} runs is above. To see it again:`,
    `  ${commandOf(options, { mutant, keep: shrunk.keep.join(',') })}`,
  ].join('\n')
}

/** One line each: when, since the first; who; what. */
export function traceLines(trace: readonly TraceEntry[]): string[] {
  const startMs = trace[0]?.atMs ?? 0
  return trace.map(({ atMs, by, what }) => `${(atMs - startMs).toFixed(1).padStart(9)} ms  ${by.padEnd(4)} ${what}`)
}
