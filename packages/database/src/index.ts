/**
 * One SQLite file, many readers, one leased writer.
 *
 * @packageDocumentation
 */
export { temporaryFolder } from './contents/space.js'
export type {
  CheckProblem,
  CheckResult,
  ContentOptions,
  ContentProgress,
  Held,
  HoldOptions,
  RestoreResult,
  SnapshotResult,
  VacuumResult,
} from './contents/types.js'
export { canonicalPath } from './data-file.js'
export type { Database, DatabaseOptions, Transaction, TransactionOptions } from './database.js'
export { DatabaseError, type DatabaseErrorCode, type DatabaseErrorDetails } from './errors.js'
export type { ConflictCode, DatabaseEvent, DatabaseListener } from './events.js'
export { serialDistance } from './fence.js'
export { type FileHeader, type FileInspection, inspectFile } from './inspect-file.js'
export type { Invocation, InvocationOptions } from './invocation.js'
export type { JournalState } from './journal.js'
export type { MigrateOptions, MigrateResult, MigrationProgress, MigrationStatus } from './migrations/types.js'
export { checkDatabaseOptions, openDatabase } from './open.js'
export { leaseKeyOf } from './options.js'
export { splitStatements } from './sql-scanner.js'
export type { Column, ResultSet, SqlValue } from './statement.js'
export type { Span, SpanAttributes, SpanName, SpanOptions, TraceContext, Tracer } from './tracing.js'
export { type EngineVersions, engineVersions } from './versions.js'
