/**
 * What went wrong with the database.
 *
 * - `CONFIGURATION`: an option or the file itself can't be used so; the message names it and the way out.
 * - `NOT_FOUND`: there is no such file.
 * - `INVALID_ARGUMENT`: a value that SQLite can't store was given for a parameter.
 * - `STATEMENT_REFUSED`: a statement that the design depends on not being run.
 * - `SQLITE`: SQLite's own error, or the file system's as SQLite would have told it, with its extended code.
 * - `BUSY`: the lease is held, or a read was asked for, but the file stays locked by somebody else.
 * - `QUEUE_FULL`: too many writes wait in this process already.
 * - `LEASE_TIMEOUT`: the turn to write did not come in time.
 * - `WRITE_CONFLICT`: the lease was lost, a newer writer was found, or the file was replaced, before COMMIT. Nothing was written.
 * - `COMMIT_UNKNOWN`: an I/O error in COMMIT, or a full disk after its commit point: whether it took place is not known.
 * - `TRANSACTION_CLOSED`: the transaction is over.
 * - `CLOSED`: the database was closed.
 * - `MIGRATION_FAILED`: a migration failed. Nothing of it stays; those before it do.
 * - `MIGRATION_UNRESOLVED`: a failed migration must be resolved before new ones are applied.
 * - `MIGRATION_BASELINE_MISSING`: the database is not empty, and has no record of migrations. Nothing was applied.
 * - `MIGRATION_FILE_MISSING`: a migration's folder has no `migration.sql`.
 * - `MIGRATION_PROVIDER_MISMATCH`: the folder's migrations are another provider's.
 * - `MIGRATION_ALREADY_APPLIED`, `MIGRATION_NEVER_APPLIED`, `MIGRATION_NOT_FAILED`: the migration can't be marked as applied, or as rolled
 *   back.
 * - `MIGRATION_NOT_FOUND`: the folder has no such migration.
 */
export type DatabaseErrorCode =
  | 'CONFIGURATION'
  | 'NOT_FOUND'
  | 'INVALID_ARGUMENT'
  | 'STATEMENT_REFUSED'
  | 'SQLITE'
  | 'BUSY'
  | 'QUEUE_FULL'
  | 'LEASE_TIMEOUT'
  | 'WRITE_CONFLICT'
  | 'COMMIT_UNKNOWN'
  | 'TRANSACTION_CLOSED'
  | 'CLOSED'
  | 'MIGRATION_BASELINE_MISSING'
  | 'MIGRATION_ALREADY_APPLIED'
  | 'MIGRATION_UNRESOLVED'
  | 'MIGRATION_NEVER_APPLIED'
  | 'MIGRATION_NOT_FAILED'
  | 'MIGRATION_FILE_MISSING'
  | 'MIGRATION_NOT_FOUND'
  | 'MIGRATION_FAILED'
  | 'MIGRATION_PROVIDER_MISMATCH'

/** What is known beside the message. */
export interface DatabaseErrorDetails {
  /** The database file. */
  path?: string
  /** SQLite's extended result code (https://www.sqlite.org/rescode.html), where SQLite said something. */
  extendedCode?: number
  /** SQLite's own words. */
  sqliteMessage?: string
  /** The option that is wrong, or would help. */
  option?: string
  /** Who has the lease, or was swept from the line last. */
  holder?: string
  /** How many stood before the caller in the line. */
  position?: number
  /** The migrations that it is about, by the names of their folders. */
  migrations?: readonly string[]
}

/** The one error of this package; `code` says which. Errors of the leaser (`LeaseError`) pass through as they are, but for those named here. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'

  /** True of the errors of every copy of this package: where it is loaded twice, one copy may run what the other one opened. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === 'DatabaseError' && 'code' in value && 'details' in value
  }

  /** Which of the {@link DatabaseErrorCode}s it is. */
  readonly code: DatabaseErrorCode
  /** What is known beside the message. */
  readonly details: DatabaseErrorDetails

  constructor(code: DatabaseErrorCode, message: string, details: DatabaseErrorDetails = {}, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.details = details
  }
}
