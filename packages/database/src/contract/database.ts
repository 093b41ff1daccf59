import type { Leaser } from '@sqlite-efs/lease'
import type { DatabaseListener } from './events.js'
import type { Invocation, InvocationOptions } from './invocation.js'
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
