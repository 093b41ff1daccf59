/**
 * What an application on AWS Lambda needs beside the adapter.
 *
 * @packageDocumentation
 */
export type { MigrateResult } from '@sqlite-efs/database'
export type { TimestampFormat } from './arguments.js'
export type { LeaseOptions } from './lease-options.js'
export { type MigrationHandlerOptions, migrationHandler, type RemainingTime } from './migration-handler.js'
export type { PrismaSqliteEfsOptions } from './options.js'
