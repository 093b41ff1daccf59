// The module that every generated client imports: so `instanceof Prisma.PrismaClientKnownRequestError` holds.
import { PrismaClientKnownRequestError } from '@prisma/client/runtime/client'
import type { MappedError } from '@prisma/driver-adapter-utils'

/**
 * What went wrong: Prisma's code where Prisma has one, else one of this package's own.
 *
 * - `P1001`: DynamoDB does not answer, or has no such table. Nothing was written.
 * - `P1003`: there is no such database file.
 * - `P1008`: the turn to write did not come in time, or the file stays locked. Nothing was written.
 * - `P1010`: DynamoDB refused the credentials or the action. Nothing was written.
 * - `P1017`: the client was disconnected.
 * - `P1018`: the transaction is over.
 * - `P2002`, `P2003`, `P2011`: a constraint: unique, foreign key, not null.
 * - `P2007`: a parameter that SQLite can't store.
 * - `P2020`: an integer out of SQLite's range.
 * - `P2021`, `P2022`: no such table, no such column.
 * - `P2023`: an isolation level that SQLite has not, or a stored value that is no date.
 * - `P2024`: too many writes wait in this process already. Nothing was written.
 * - `P2034`: the lease was lost, somebody else wrote, or the file was replaced, before COMMIT. Nothing was written: safe to retry.
 * - `P2039`: any other error of SQLite.
 * - `P3005`: the database is not empty, and has no record of migrations. Nothing was applied.
 * - `P3008`: the migration is recorded as applied already.
 * - `P3009`: a failed migration is to be resolved before new ones are applied.
 * - `P3011`, `P3012`: a migration that was never applied, or has not failed, can't be marked as rolled back.
 * - `P3015`, `P3017`: a migration has no file, or there is no such migration.
 * - `P3018`: a migration failed. Nothing of it stays; those before it do.
 * - `P3019`: the folder's migrations are another provider's.
 * - `CLOCK_SKEW`: this machine's clock disagrees with DynamoDB's. Nothing was written.
 * - `COMMIT_UNKNOWN`: an I/O error in COMMIT, or a full disk after its commit point: look at the data before doing it again.
 * - `CONFIGURATION`: an option, or the file, can't be used so; the message names it and the way out.
 * - `FOREIGN_PROTOCOL`: the lease's item in DynamoDB is in use by another protocol.
 * - `STATEMENT_REFUSED`: a statement that would undermine the lease, or two in one string. Nothing was run.
 */
export type PrismaSqliteEfsErrorCode =
  | 'P1001'
  | 'P1003'
  | 'P1008'
  | 'P1010'
  | 'P1017'
  | 'P1018'
  | 'P2002'
  | 'P2003'
  | 'P2007'
  | 'P2011'
  | 'P2020'
  | 'P2021'
  | 'P2022'
  | 'P2023'
  | 'P2024'
  | 'P2034'
  | 'P2039'
  | 'P3005'
  | 'P3008'
  | 'P3009'
  | 'P3011'
  | 'P3012'
  | 'P3015'
  | 'P3017'
  | 'P3018'
  | 'P3019'
  | 'CLOCK_SKEW'
  | 'COMMIT_UNKNOWN'
  | 'CONFIGURATION'
  | 'FOREIGN_PROTOCOL'
  | 'STATEMENT_REFUSED'

/** Prisma's own classification of an error, with the driver's words. */
export type ErrorKind = MappedError & { originalCode?: string; originalMessage?: string }

/** @internal */
export interface PrismaSqliteEfsErrorInit {
  code: PrismaSqliteEfsErrorCode
  message: string
  meta?: Record<string, unknown>
  /** What Prisma is to make its own message from. Without it, ours reaches the user as it is. */
  kind?: ErrorKind
  /** The error behind this one. */
  cause?: unknown
}

/**
 * The one error of this package; `code` says which.
 *
 * Prisma recognises an adapter's error by its name and `cause`, and words it anew by `cause.kind`. That is right for
 * SQLite's errors, but would drop what the lease has to say; and Prisma does it neither for the start nor for the commit of
 * an interactive transaction. So this error is a `PrismaClientKnownRequestError` itself, and only says that it is an
 * adapter's where Prisma's words are as good. Either way the user gets the same class and the same code on every path.
 */
export class PrismaSqliteEfsError extends PrismaClientKnownRequestError {
  override readonly code: PrismaSqliteEfsErrorCode
  /** For an adapter's error Prisma's classification of it, else the error behind this one. */
  override readonly cause: unknown

  /** @internal */
  constructor({ code, message, meta = {}, kind, cause }: PrismaSqliteEfsErrorInit) {
    super(message, { code, meta, clientVersion: 'prisma-adapter-sqlite-efs' })
    this.code = code
    if (kind) this.name = 'DriverAdapterError'
    this.cause = kind ?? cause
  }
}
