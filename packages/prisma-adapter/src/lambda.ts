/**
 * What an application on AWS Lambda needs beside the adapter.
 *
 * @packageDocumentation
 */
export type { MigrateResult } from '@sqlite-efs/database/migrations'
export type { TimestampFormat } from './conversion/arguments.js'
export type { IntMode } from './conversion/results.js'
export type { PrismaSqliteEfs } from './factory.js'
export {
  type CloudWatchMetrics,
  type CloudWatchMetricsOptions,
  cloudWatchMetrics,
  type MetricsSink,
} from './lambda/cloud-watch-metrics.js'
export { type MigrationHandlerOptions, migrationHandler } from './lambda/migration-handler.js'
export type { RemainingTime } from './lambda/remaining-time.js'
export {
  type LeaseMiddleware,
  leaseMiddleware,
  type MiddyRequest,
  type WithLeaseOptions,
  withLease,
} from './lambda/with-lease.js'
export type { SqliteEfsEvent } from './options/events.js'
export type { LeaseOptions } from './options/lease-options.js'
export type { PrismaSqliteEfsOptions } from './options/options.js'
