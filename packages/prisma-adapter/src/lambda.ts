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
export type { LeaseOptions } from './lease-options.js'
export { type MigrationHandlerOptions, migrationHandler, type RemainingTime } from './migration-handler.js'
export type { PrismaSqliteEfsOptions } from './options.js'
