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
 * - `P3005`, `P3008`, `P3009`, `P3011`, `P3012`, `P3015`, `P3017`, `P3018`, `P3019`: of migrations, with Prisma's meanings
 *   (https://www.prisma.io/docs/orm/reference/error-reference#prisma-migrate-schema-engine).
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
  | 'P3005'
  | 'P3008'
  | 'P3009'
  | 'P3011'
  | 'P3012'
  | 'P3015'
  | 'P3017'
  | 'P3018'
  | 'P3019'

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
