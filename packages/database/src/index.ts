/**
 * One SQLite file, many readers, one leased writer.
 *
 * @packageDocumentation
 */
export type { Database, DatabaseOptions, Transaction, TransactionOptions } from './contract/database.js'
export { DatabaseError, type DatabaseErrorCode, type DatabaseErrorDetails } from './contract/errors.js'
export type {
  ConflictCode,
  DatabaseEvent,
  DatabaseListener,
  ReplicaOffReason,
  ReplicaRefreshedEvent,
} from './contract/events.js'
export type { Invocation, InvocationOptions } from './contract/invocation.js'
export type { Span, SpanAttributes, SpanName, SpanOptions, TraceContext, Tracer } from './contract/tracing.js'
export type { Column, ResultSet, SqlValue } from './contract/values.js'
export { type FileHeader, type FileInspection, inspectFile } from './file/inspect-file.js'
export type { JournalState } from './file/journal.js'
export { openDatabase } from './process/open-database.js'
export { splitStatements } from './sql/scanner.js'
