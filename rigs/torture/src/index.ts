/**
 * The parts of the torture, for who lets its workers run elsewhere: `worker.ts` says how they are started.
 *
 * @packageDocumentation
 */
export { createBank } from './bank.js'
export { bundleWorker } from './bundle.js'
export { check, type Rules } from './checker.js'
export { Collector, type History } from './collector.js'
export { TABLE } from './contestants.js'
export { type FinalState, readFinalState } from './final-state.js'
export type { Fault } from './injector.js'
export { CALM, FaultyProxy, type Weather } from './proxy.js'
export { type Report, type ReportSource, reportOf } from './report.js'
export { tableOf } from './table.js'
export type { Violation } from './violation.js'
export { toEnvironment, type WorkerConfig } from './worker-config.js'
