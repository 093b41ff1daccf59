/**
 * The parts of the torture, for who lets its workers run elsewhere: `worker.ts` says how they are started.
 *
 * @packageDocumentation
 */

export { bundleWorker } from './bundle.js'
export { check, type Rules } from './checks/checker.js'
export { Collector, type History } from './checks/collector.js'
export { type FinalState, readFinalState } from './checks/final-state.js'
export type { Violation } from './checks/violation.js'
export type { Fault } from './faults/injector.js'
export { CALM, FaultyProxy, type Weather } from './faults/proxy.js'
export { type Report, type ReportSource, reportOf } from './report.js'
export { tableOf } from './table.js'
export { createBank } from './worker/bank.js'
export { TABLE } from './worker/contestants.js'
export { toEnvironment, type WorkerConfig } from './worker/worker-config.js'
