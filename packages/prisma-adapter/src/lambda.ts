/**
 * What an application on AWS Lambda needs beside the adapter.
 *
 * @packageDocumentation
 */
export type { MigrateResult } from '@sqlite-efs/database'
export type { TimestampFormat } from './arguments.js'
export {
  type CloudWatchMetrics,
  type CloudWatchMetricsOptions,
  cloudWatchMetrics,
  type MetricsSink,
} from './cloud-watch-metrics.js'
export type { SqliteEfsEvent } from './events.js'
export type { PrismaSqliteEfs } from './factory.js'
export type { LeaseOptions } from './lease-options.js'
export { type MigrationHandlerOptions, migrationHandler } from './migration-handler.js'
export type { PrismaSqliteEfsOptions } from './options.js'
export type { RemainingTime } from './remaining-time.js'
export type { IntMode } from './results.js'
export {
  type LeaseMiddleware,
  leaseMiddleware,
  type MiddyRequest,
  type WithLeaseOptions,
  withLease,
} from './with-lease.js'
