import { type Lease, LeaseError } from '@sqlite-efs/lease'
import { DatabaseError } from '../contract/errors.js'
import type { ConflictCode, Listeners } from '../contract/events.js'
import type { Span } from '../contract/tracing.js'
import type { ResultSet, SqlValue, StatementKind } from '../contract/values.js'
import type { Connection } from '../file/connection.js'
import { checkFence, storeFence } from '../file/fence.js'
import { keepJournal } from '../file/journal.js'
import { type LockWait, retryWhileBusy } from '../file/retry-while-busy.js'
import { isBusy, isCommitsEndInTheFile, isConnectionDoubtful, isMoved, moved } from '../file/sqlite-error.js'
import type { LastingReaders } from '../read/lasting-readers.js'
import { TransactionRecord } from './transaction-stats.js'
import { commitUnknown, doubtfulTransaction, leaseWasLost, leftTransaction, readersStay } from './writer-errors.js'

/** What {@link Connection} has to offer; in a simulation it is not libsql that does. */
export type WriterConnection = Pick<Connection, keyof Connection>

/** What the writer of a file needs from it. */
export interface WriterContext {
  path: string
  fencing: 'user_version' | 'off'
  readers: LastingReaders
  open(): WriterConnection
  /** Puts the journal back where somebody took it away, and says whether it had to. @default in the file system */
  keepJournal?: (path: string) => boolean
  lockWait(): LockWait
  closeWindow(): void
  noticeFreeze(): void
  monotonicMs(): number
  listeners: Listeners
}

/** How long a transaction may wait for SQLite's write lock, and has waited for its turn. */
export interface BeginOptions {
  timeoutMs: number
  waitedMs(): number
  /** It may turn out that it only reads: what is only of use to a write is done before the first one. @default false */
  mayOnlyRead?: boolean
}

/** How a transaction is committed. */
export interface CommitOptions {
  /** The event loop goes on meanwhile: for a transaction that may be large. */
  inBackground?: boolean
  /** Is told what is committed. */
  span?: Span
}

/** A newer ticket than the lease's is in the file: whoever has it wrote after this lease was granted, or the table was lost. */
export class Superseded {
  /** The file's fence as a full ticket number: the leaser is to hand out larger ones. */
  readonly floor: number
  constructor(floor: number) {
    this.floor = floor
  }
}

/** The lease went while the file was waited for: nothing was begun under it. */
export class Overtaken {
  /** The ticket that is over. */
  readonly token: number
  constructor(token: number) {
    this.token = token
  }
}

/**
 * The one connection that writes, and only under the lease: BEGIN IMMEDIATE, the fence, the statements, the guard,
 * COMMIT. One transaction at a time.
 */
export class Writer {
  readonly #context: WriterContext
  #connection: WriterConnection | undefined
  #fenceIsStored = false
  #record: TransactionRecord
  #token = 0
  #ttlMs = 0
  #isOutdated = false

  constructor(context: WriterContext) {
    this.#context = context
    this.#record = new TransactionRecord(context.monotonicMs, 0)
  }

  /** Whether a transaction is open, by SQLite's own word. */
  get inTransaction(): boolean {
    return this.#connection?.inTransaction ?? false
  }

  /** Whether a statement met an error after which the connection is to be thrown away. */
  get isDoubtful(): boolean {
    return this.#connection?.doubt !== undefined
  }

  /** Whether the file was opened already. */
  get isOpen(): boolean {
    return this.#connection !== undefined
  }

  get connection(): WriterConnection {
    if (!this.#connection) throw new DatabaseError('TRANSACTION_CLOSED', 'There is no transaction.')
    return this.#connection
  }

  /**
   * Takes SQLite's write lock and asks the fence.
   *
   * @throws Superseded when the file knows a newer ticket, Overtaken when the lease is over; DatabaseError `BUSY`, `CONFIGURATION`, `SQLITE`
   */
  async begin(lease: Lease, { timeoutMs, waitedMs, mayOnlyRead = false }: BeginOptions): Promise<void> {
    const { path, fencing } = this.#context
    this.#token = lease.token
    this.#ttlMs = lease.ttlMs
    this.#context.noticeFreeze()
    for (let failures = 0; ; failures++) {
      try {
        const beforeRetry = async () => {
          if (lease.signal.aborted || lease.remainingMs() <= 0) throw new Overtaken(lease.token)
        }
        await retryWhileBusy({ ...this.#context.lockWait(), timeoutMs, beforeRetry }, () => {
          if (this.#connection?.isMoved) this.discard()
          this.#connection ??= this.#context.open()
          this.#connection.exec('BEGIN IMMEDIATE')
        })
        break
      } catch (error) {
        this.discard()
        if (!isConnectionDoubtful(error) || failures > 0) throw error
      }
    }
    this.#record = new TransactionRecord(this.#context.monotonicMs, waitedMs())
    try {
      this.connection.noticeSchema()
      const fence = checkFence(this.connection, path, lease.token, fencing)
      if (fence.verdict === 'superseded') throw new Superseded(fence.floor)
      this.#fenceIsStored = fence.verdict === 'stored'
      if (!mayOnlyRead) this.#beReadyToWrite()
    } catch (error) {
      this.rollback()
      throw error
    }
  }

  /** Before the first write the journal is in its place, and the changes so far are counted. */
  #beReadyToWrite(): void {
    if (this.#record.changesBefore !== undefined) return
    const { path, listeners, keepJournal: keep = keepJournal } = this.#context
    this.connection.mustBeWritable()
    if (keep(path)) listeners.tell({ type: 'journal-restored', path, token: this.#token })
    this.#record.counterBefore = this.connection.changeCounter()
    this.#record.changesBefore = this.connection.totalChanges()
  }

  /** Runs one statement in the open transaction. */
  run(sql: string, args: readonly SqlValue[], kind: StatementKind): ResultSet {
    if (kind !== 'read') this.#beReadyToWrite()
    const result = this.#record.timed(sql, () => this.connection.run(sql, args))
    if (!this.inTransaction) throw leftTransaction(sql)
    if (kind === 'read') return { ...result, changes: 0 }
    // A definition counts no rows.
    if (result.changes === 0) this.#record.hasDefined ||= !/^\s*(insert|update|delete|replace|with)\b/i.test(sql)
    return result
  }

  /**
   * Runs a statement without parameters and results in the open transaction, however long it takes: the event loop goes
   * on, and with it the renewal of the lease.
   */
  async execInBackground(sql: string): Promise<void> {
    this.#beReadyToWrite()
    this.#record.hasDefined = true
    this.#record.statements++
    await this.connection.execInBackground(sql)
  }

  /** Whether there is anything to commit. */
  get hasChanges(): boolean {
    const { changesBefore, hasDefined } = this.#record
    if (changesBefore === undefined) return false
    return hasDefined || this.connection.totalChanges() !== changesBefore
  }

  /**
   * Makes the transaction durable. Whatever it throws, the transaction is over.
   *
   * @throws DatabaseError `WRITE_CONFLICT`, `BUSY`, `SQLITE` (nothing was written), `COMMIT_UNKNOWN`
   */
  async commit(lease: Lease, { inBackground = false, span }: CommitOptions = {}): Promise<void> {
    if (!this.hasChanges) {
      // Nothing to keep: giving the lock back is all.
      this.rollback()
      return
    }
    const lockWait = this.#context.lockWait()
    const { openMs } = this.#record
    const startedMs = this.#context.monotonicMs()
    const { path, listeners } = this.#context
    const size = listeners.isHeard || span ? this.#size() : undefined
    if (size) span?.set({ 'sqlite_efs.statements': size.statements, 'sqlite_efs.rows': size.rows })
    try {
      const { doubt } = this.connection
      if (doubt) throw doubtfulTransaction(path, doubt)
      if (this.#context.fencing !== 'off' && !this.#fenceIsStored) this.#storeFence(lease.token)
      await this.#guard(lease)
    } catch (error) {
      this.rollback()
      throw error
    }
    const letReadersIn = this.#context.readers.holdBack()
    try {
      // Before COMMIT asks for the file, and keeps new readers out everywhere while it waits.
      if (!(await this.#context.readers.none(lockWait.timeoutMs))) throw readersStay(path, lockWait.timeoutMs)
      await this.#guard(lease)
      await retryWhileBusy(
        {
          ...lockWait,
          beforeRetry: () => this.#guard(lease),
        },
        () => {
          this.#context.closeWindow()
          // Else it would go to a file that nobody finds any more.
          if (this.connection.isMoved) throw moved(path)
          return inBackground ? this.connection.execInBackground('COMMIT') : this.connection.exec('COMMIT')
        },
      )
      if (this.#isOutdated) this.discard()
      const commitMs = this.#context.monotonicMs() - startedMs
      const times = { waitedMs: this.#record.waitedMs, openMs, commitMs }
      if (size) listeners.tell({ type: 'commit', path, token: lease.token, ...size, ...times })
    } catch (error) {
      throw await this.#commitFailed(error, lockWait)
    } finally {
      letReadersIn()
    }
  }

  /** What is to be committed. SQLite knows all of it without asking the file system. */
  #size() {
    const { connection } = this
    return {
      statements: this.#record.statements,
      rows: connection.totalChanges() - (this.#record.changesBefore ?? 0),
      fileBytes: Number(connection.value('PRAGMA page_count')) * Number(connection.value('PRAGMA page_size')),
    }
  }

  #storeFence(token: number): void {
    const sql = storeFence(token)
    this.#record.timed(sql, () => this.connection.exec(sql))
  }

  /** More than half of the lease must be left for the COMMIT. */
  async #guard(lease: Lease): Promise<void> {
    const isSafe = () => !lease.signal.aborted && lease.remainingMs() > lease.ttlMs / 2
    if (isSafe()) return
    try {
      await lease.renew()
    } catch (error) {
      throw this.conflict(error)
    }
    if (!isSafe()) throw this.conflict(lease.signal.reason)
  }

  /** The thread has been busy for so long: named where the lease does not last. */
  noteBusy(ms: number): void {
    if (ms > this.#record.busiestMs) this.#record.busiestMs = ms
  }

  /** Tells of a conflict of the transaction that has its turn. */
  tellConflict(code: ConflictCode): void {
    const { path, listeners } = this.#context
    listeners.tell({ type: 'conflict', path, token: this.#token, code })
  }

  /** The lease did not last until the commit. */
  conflict(
    cause: unknown,
    code: ConflictCode = cause instanceof LeaseError ? cause.code : 'LEASE_LOST',
  ): DatabaseError {
    this.tellConflict(code)
    const { slowest, busiestMs } = this.#record
    const limitMs = this.#ttlMs / 2
    const blocking = slowest.ms > limitMs ? slowest : busiestMs > limitMs ? { ms: busiestMs } : undefined
    return leaseWasLost(this.#context.path, cause, blocking)
  }

  async #commitFailed(error: unknown, lockWait: LockWait): Promise<unknown> {
    if (isMoved(error)) this.tellConflict('FILE_REPLACED')
    const isRefused = error instanceof DatabaseError && error.code === 'WRITE_CONFLICT'
    if (this.inTransaction && (isBusy(error) || isCommitsEndInTheFile(error) || isRefused)) {
      this.rollback()
      return error
    }
    this.discard()
    if (isCommitsEndInTheFile(error) && (await this.#isUndone(lockWait))) return error
    return commitUnknown(this.#context.path, error)
  }

  /**
   * Whether the file, with what SQLite rolls back in it, is the one that the transaction began with: then its change counter is the same.
   * Asked by a new connection while the lease is held, so that no other process commits in between; one that does makes it unknown.
   */
  async #isUndone(lockWait: LockWait): Promise<boolean> {
    const { counterBefore } = this.#record
    try {
      return await retryWhileBusy(lockWait, () => {
        this.#connection ??= this.#context.open()
        this.#connection.exec('BEGIN IMMEDIATE')
        const isUndone = this.#connection.changeCounter() === counterBefore
        this.rollback()
        return isUndone
      })
    } catch {
      this.discard()
      return false
    }
  }

  /** Ends the transaction and leaves nothing behind. Never throws: a connection that can't is thrown away. */
  rollback(): void {
    const connection = this.#connection
    if (!connection) return
    try {
      if (connection.inTransaction) connection.exec('ROLLBACK')
      if (connection.doubt || this.#isOutdated) this.discard()
    } catch {
      this.discard()
    }
  }

  /** Throws the connection away, at once or when its transaction is over. */
  discardWhenOver(): void {
    if (this.inTransaction) this.#isOutdated = true
    else this.discard()
  }

  /** Throws the connection away, and what is open in it. */
  discard(): void {
    this.#connection?.close()
    this.#connection = undefined
    this.#isOutdated = false
  }
}
