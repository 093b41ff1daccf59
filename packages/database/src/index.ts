/**
 * One SQLite file, many readers, one leased writer.
 *
 * @packageDocumentation
 */
export { temporaryFolder } from './contents/space.js'
export type { Database, DatabaseOptions, Transaction, TransactionOptions } from './contract/database.js'
export { DatabaseError, type DatabaseErrorCode, type DatabaseErrorDetails } from './contract/errors.js'
export type { ConflictCode, DatabaseEvent, DatabaseListener } from './contract/events.js'
export type { Invocation, InvocationOptions } from './contract/invocation.js'
export type { Span, SpanAttributes, SpanName, SpanOptions, TraceContext, Tracer } from './contract/tracing.js'
export type { Column, ResultSet, SqlValue } from './contract/values.js'
export { type EngineVersions, engineVersions } from './engine/engine-versions.js'
export { canonicalPath } from './file/data-file.js'
export { serialDistance } from './file/fence.js'
export { type FileHeader, type FileInspection, inspectFile } from './file/inspect-file.js'
export type { JournalState } from './file/journal.js'
export { leaseKeyOf } from './file/options.js'
export { checkDatabaseOptions, openDatabase } from './process/open-database.js'
export { splitStatements } from './sql/scanner.js'
