import type { Leaser } from '@sqlite-efs/lease'
import type {
  CheckResult,
  ContentOptions,
  HoldOptions,
  LeaseHandle,
  RestoreResult,
  SnapshotResult,
  VacuumResult,
} from './content.js'
import type { DatabaseListener } from './events.js'
import type { Invocation, InvocationOptions } from './invocation.js'
import type { MigrateOptions, MigrateResult, MigrationStatus } from './migrations.js'
import type { Tracer } from './tracing.js'
import type { ResultSet, SqlValue } from './values.js'

/** Options of {@link openDatabase}. */
export interface DatabaseOptions {
  /** The database file: an absolute path, or `:memory:` for a private one that lives until it is closed. */
  path: string
  /** Decides who writes. */
  leaser: Leaser
  /**
   * What the lease is taken on.
   *
   * @default `database#<absolute path>`
   */
  leaseKey?: string
  /**
   * How long a write waits for its turn, in milliseconds.
   *
   * @default 5000
   */
  timeoutMs?: number
  /**
   * How long the start of a transaction waits for its turn, in milliseconds.
   *
   * @default 1900
   */
  transactionTimeoutMs?: number
  /**
   * How long this process may keep the lease while it has more to write, in milliseconds.
   *
   * @default 250
   */
  maxHoldMs?: number
  /**
   * `user_version` keeps the last writer's ticket in the file's header, so that an older one is refused by the file
   * itself; `off` leaves the header alone.
   *
   * @default 'user_version'
   */
  fencing?: 'user_version' | 'off'
  /** Merged over the safe set; those that the design depends on are refused. */
  pragmas?: Readonly<Record<string, string | number>>
  /**
   * When a write's promise resolves: after its commit, with the release under way (`'background'`), or only after the
   * release too (`'before-answer'`), as on AWS Lambda, where what is under way may freeze.
   *
   * @default 'before-answer' where AWS_LAMBDA_FUNCTION_NAME is set, else 'background'
   */
  release?: 'background' | 'before-answer'
  /**
   * Microtasks for which a read keeps its lock, so that the next statement of the same operation needs none of its own. For
   * a library that sends its next statement within so many, and whose user's code runs later than that.
   *
   * @default 0: no lock is held while JavaScript runs
   */
  followUpMicrotasks?: number
  /** Who this process is, for people who look at the line. */
  owner?: string
  /**
   * Hears of every commit, conflict, recovery and read window of this file in this process. Of its leases the `onEvent` of the
   * `leaser` hears: where a file is opened several times, that of the first, which all of them share. What it throws is ignored.
   */
  onEvent?: DatabaseListener
  /**
   * Makes spans of what is done for a caller who is traced. The first opener's tracer is used for the whole process. What it
   * throws is ignored.
   *
   * @default none
   */
  tracer?: Tracer
}

/** Options of {@link Database.transaction}. */
export interface TransactionOptions {
  /**
   * `immediate` takes the lease at once; `deferred` begins as a read, and takes it at its first write, if nobody
   * else has written in between.
   *
   * @default 'immediate'
   */
  mode?: 'immediate' | 'deferred'
  /** How long to wait for the turn. @default the database's `transactionTimeoutMs` */
  timeoutMs?: number
}

/** A transaction; its statements run one after the other. */
export interface Transaction {
  /**
   * Runs one statement, in order.
   *
   * @throws DatabaseError `SQLITE`, `STATEMENT_REFUSED`, `WRITE_CONFLICT` (the lease was lost, or a deferred one found
   * the file changed), `TRANSACTION_CLOSED`, and for the first write of a deferred one what a start may throw
   */
  execute(sql: string, args?: readonly SqlValue[]): Promise<ResultSet>
  /**
   * Resolves once everything is on disk. Whatever it throws, the transaction is over and cleaned up.
   *
   * @throws DatabaseError `WRITE_CONFLICT` or `BUSY` (nothing was written), `SQLITE` (a constraint that was deferred; nothing was
   * written), `COMMIT_UNKNOWN`, `TRANSACTION_CLOSED`
   */
  commit(): Promise<void>
  /** Ends it and leaves nothing behind. Waits for a statement in flight; does nothing when it is over already. */
  rollback(): Promise<void>
  /** Marks a point to come back to (https://www.sqlite.org/lang_savepoint.html); any name will do. */
  savepoint(name: string): Promise<void>
  /** Undoes what was done since the savepoint, which stays. */
  rollbackTo(name: string): Promise<void>
  /** Forgets the savepoint and those after it, and keeps what was done. */
  releaseSavepoint(name: string): Promise<void>
}

/** One SQLite file, read freely and written under the lease. */
export interface Database {
  /** The file; for `:memory:` the temporary one that stands for it. */
  readonly path: string
  /**
   * Runs one statement: a read in the current read window, a write in its turn, committed before this resolves. SQLite
   * itself says which of the two it is.
   *
   * @throws DatabaseError `SQLITE`, `STATEMENT_REFUSED`, `NOT_FOUND`, `BUSY`, `LEASE_TIMEOUT`, `WRITE_CONFLICT`, `COMMIT_UNKNOWN`, `CLOSED`, `CONFIGURATION`;
   * LeaseError where DynamoDB can't be used
   */
  execute(sql: string, args?: readonly SqlValue[]): Promise<ResultSet>
  /** Runs statements separated by semicolons, in one transaction: all or nothing. `PRAGMA foreign_keys` in it is honoured for the script as a whole. */
  script(sql: string): Promise<void>
  /** Begins a transaction. */
  transaction(options?: TransactionOptions): Promise<Transaction>
  /**
   * Applies the migrations of a folder (`prisma/migrations`) that the database does not have yet, as `prisma migrate deploy` does and
   * in the same table `_prisma_migrations`: each in one transaction, all under one lease. Makes the file where there is none. Asks for no
   * lease where there is nothing to do.
   *
   * @throws DatabaseError `P3005` (not empty, and no record of migrations), `P3009` (a failed one is to be resolved first), `P3015` (a folder
   * without its file), `P3018` (one failed; nothing of it stays, those before it do), `P3019` (another provider's folder),
   * `STATEMENT_REFUSED`, and what {@link Database.script} may throw
   */
  migrate(directory: string, options?: MigrateOptions): Promise<MigrateResult>
  /**
   * Compares the database with a folder of migrations. Only reads: like any read it needs no lease, and like any read it sees no
   * migration that is under way.
   *
   * @throws DatabaseError `P3019`, `CONFIGURATION`, and what a read may throw
   */
  migrationStatus(directory: string): Promise<MigrationStatus>
  /**
   * Says of a migration how it came out, as `prisma migrate resolve` does; runs nothing of it. `applied`: it was completed by hand, or
   * the database had it before (a baseline). `rolled-back`: nothing of a failed one is in the database, and the next deploy tries again.
   *
   * @throws DatabaseError `P3008` (applied already), `P3011` (never begun), `P3012` (not failed), `P3017` (not in the folder), `P3019`,
   * and what a write may throw
   */
  resolveMigration(directory: string, name: string, as: 'applied' | 'rolled-back'): Promise<void>
  /** Takes the lease and rolls back what a dead writer left; `true` if there was something. */
  recover(): Promise<boolean>
  /**
   * SQLite's integrity_check and foreign_key_check in one read; an empty list is good. No process can commit meanwhile, which for a large
   * file is {@link Database.checkCopy}'s to avoid.
   */
  check(): Promise<string[]>
  /**
   * SQLite's integrity_check and foreign_key_check of a copy of the whole database, while writers go on. The copy is made as that of a
   * {@link Database.snapshot} is, in SQLite's temporary folder (`SQLITE_TMPDIR`, `TMPDIR`, `/var/tmp`), and deleted. It needs the lease only
   * if other processes commit all the time, or where a dead writer's journal has to be rolled back first. SQLite keeps no checksums:
   * a value that was changed in place is not found.
   *
   * @throws DatabaseError `SQLITE` (no room), `NOT_FOUND`, `CONFIGURATION` (no database at all), `BUSY`, `CLOSED`, and under the lease what a
   * write may throw. Damage is no error, but in the result
   */
  checkCopy(options?: ContentOptions): Promise<CheckResult>
  /**
   * Copies the database into a new file, as one commit left it, while writers go on: its pages are read in short windows. Somebody's
   * commit makes it start anew; after three times it is copied under the lease, and writers wait in line for as long. The copy is
   * verified before it gets its name: SQLite's integrity_check, the number of rows of every table, and the fence. Whatever it
   * throws, no file is left at `to`.
   *
   * @param to the absolute path of a file that is not there yet
   * @throws DatabaseError `CONFIGURATION` (`to` is wrong, or there is a file), `SQLITE` (no room, or the database is damaged), `NOT_FOUND`, `BUSY`,
   * `CLOSED`, and under the lease what a write may throw
   */
  snapshot(to: string, options?: ContentOptions): Promise<SnapshotResult>
  /**
   * Replaces the whole content by that of another database file, in one transaction under the lease. Connections that are open anywhere go
   * on, and see it at their next read. The fence does not go back. The content of before is kept beside the database, as
   * `<path>.before-restore-<UTC time>`. The source is verified before anything is touched, and the database after it. Where the file
   * would be longer than its content, VACUUM follows.
   *
   * All that is written stays in memory until COMMIT: 1.3 times the larger of both databases in bytes has to be available.
   * Beside the database there has to be room for twice its size, and for what it grows by.
   *
   * @param from the absolute path of a database file that nobody writes
   * @throws DatabaseError `CONFIGURATION` or `NOT_FOUND` (`from` can't be used so), `SQLITE` (damaged, no room, no memory), and what a write may
   * throw. Nothing was written, but for `COMMIT_UNKNOWN`, and where the message says that it was restored
   */
  restore(from: string, options?: ContentOptions): Promise<RestoreResult>
  /**
   * Rebuilds the file without what is unused in it, under the lease, in the background: https://www.sqlite.org/lang_vacuum.html. SQLite
   * needs as much room as the file has, in its folder and once more in the temporary one (`SQLITE_TMPDIR`, `TMPDIR`, `/var/tmp`). It may
   * renumber rows of tables that have no INTEGER PRIMARY KEY.
   *
   * @throws DatabaseError `SQLITE` (no room), `BUSY`, `NOT_FOUND`, `CLOSED`, and what a write may throw. The content is what it was
   */
  vacuum(options?: ContentOptions): Promise<VacuumResult>
  /**
   * Holds the lease while `body` runs, for another program to write the file meanwhile, the sqlite3 shell, say. The ticket is stored in
   * the file first, and no lock of SQLite's is held. The lease is renewed in the background; a body whose signal is aborted has to stop
   * that program. At the end the journal is put back, where the program took it away, what it left half done is rolled back, and the
   * ticket is stored again. This process's own writes wait until then: never await one in the body.
   *
   * @returns what the body resolves to; its error is thrown as it is
   * @throws LeaseError `LEASE_LOST` where the lease did not last: others may have written meanwhile; DatabaseError `NOT_FOUND`, `BUSY`, `CONFIGURATION`
   * (the program left the file in WAL mode, say), `CLOSED`, and what a write may throw
   */
  hold<T>(body: (held: LeaseHandle) => Promise<T>, options?: HoldOptions): Promise<T>
  /**
   * Begins a piece of work after which the process may be frozen or ended, an invocation of a Lambda function. Its first write takes
   * the lease, and later ones go on under it, for up to `maxHoldMs`. No wait outlasts it, and at its end nothing is left to freeze.
   * The file stays open until then. Several at once share the lease.
   *
   * @throws DatabaseError `CONFIGURATION`, `CLOSED`
   */
  beginInvocation(options: InvocationOptions): Invocation
  /**
   * Rolls back what is open, and gives everything back. What waits for its turn gets it, but no transaction begins any more
   * (`CLOSED`). The file is closed when its last user in this process is.
   */
  close(): Promise<void>
}
