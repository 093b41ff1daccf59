import type { Clock, Lease } from '@sqlite-efs/lease'
import { DatabaseError } from '../contract/errors.js'
import type { Listeners } from '../contract/events.js'
import { noTracer, type Span, type TraceContext, type Tracer } from '../contract/tracing.js'
import type { ResultSet, SqlValue, StatementKind } from '../contract/values.js'
import type { FileConnection } from '../engine/connection.js'
import { type LockWait, retryWhileBusy } from '../engine/retry-while-busy.js'
import { isBusy, isCommitsEndInTheFile, isMoved, moved } from '../engine/sqlite-error.js'
import { storeFence } from '../file/fence.js'
import { keepJournal } from '../file/journal.js'
import type { LastingReaders } from '../read/lasting-readers.js'
import type { ReadWindow } from '../read/read-window.js'
import type { OwnCommit } from '../replica/own-commit.js'
import type { LeaseGuard } from './lease-guard.js'
import type { TransactionStats } from './transaction-stats.js'
import type { WriterConnection } from './writer-connection.js'
import { commitUnknown, doubtfulTransaction, leftTransaction, readersStay } from './writer-errors.js'

/** What the write transactions of a file have in common. */
export interface WriteTransactionContext {
  path: string
  clock: Clock
  fencing: 'user_version' | 'off'
  connection: WriterConnection
  readers: LastingReaders
  window: Pick<ReadWindow, 'closeWindow'>
  /** Is told what is committed. @default there is none */
  replica?: CommitListener
  listeners: Listeners
  lockWait(): LockWait
  /** Puts the journal back where somebody took it away, and says whether it had to. @default in the file system */
  keepJournal?: (path: string) => boolean
  /** @default none */
  tracer?: Tracer
}

/** Hears of commits: a replica, which has not to read what this process has written. */
export interface CommitListener {
  /** A transaction is about to be committed. */
  beforeCommit(connection: FileConnection): OwnCommit | undefined
  /** It was committed; undefined where what it changed is not known. */
  committed(own: OwnCommit | undefined): void
}

/** How a write transaction begins. */
interface Begun {
  lease: Lease
  guard: LeaseGuard
  stats: TransactionStats
  /** How long the first of its callers has waited, by now. */
  waitedMs(): number
  /** The file has this lease's ticket already, or no fence. */
  fenceIsStored: boolean
  /** Where the callers of its statements are, as far as they are traced. */
  traces: readonly TraceContext[]
}

/** How a transaction is committed. */
export interface CommitOptions {
  /** The event loop goes on meanwhile: for a transaction that may be large. @default false */
  inBackground?: boolean
  /** Where its caller is. @default where the first of its statements' callers is */
  trace?: TraceContext | undefined
}

/** A transaction under the lease, with SQLite's write lock: its statements, the fence, the guard, COMMIT. */
export class WriteTransaction {
  readonly guard: LeaseGuard
  readonly #context: WriteTransactionContext
  readonly #begun: Begun
  readonly #stats: TransactionStats

  constructor(context: WriteTransactionContext, begun: Begun) {
    this.guard = begun.guard
    this.#context = context
    this.#begun = begun
    this.#stats = begun.stats
  }

  /** @throws DatabaseError `TRANSACTION_CLOSED` where it is over, and the connection with it */
  get connection(): FileConnection {
    return this.#context.connection.current
  }

  /** Whether it is open, according to SQLite itself. */
  get isOpen(): boolean {
    return this.#context.connection.inTransaction
  }

  /** Whether a statement met an error after which nothing of it can be committed. */
  get isDoubtful(): boolean {
    return this.#context.connection.isDoubtful
  }

  /** For how long it has been open. */
  get openMs(): number {
    return this.#stats.openMs
  }

  get tracer(): Tracer {
    return this.#context.tracer ?? noTracer
  }

  /** Before the first write the journal is in its place, and the changes so far are counted. */
  beReadyToWrite(): void {
    if (this.#stats.changesBefore !== undefined) return
    const { path, listeners, keepJournal: keep = keepJournal } = this.#context
    this.connection.mustBeWritable()
    if (keep(path)) listeners.tell({ type: 'journal-restored', path, token: this.#begun.lease.token })
    this.#stats.counterBefore = this.connection.changeCounter()
    this.#stats.changesBefore = this.connection.totalChanges()
  }

  /** Runs one statement. */
  run(sql: string, args: readonly SqlValue[], kind: StatementKind): ResultSet {
    if (kind !== 'read') this.beReadyToWrite()
    const result = this.#timed(sql, () => this.connection.run(sql, args))
    if (!this.isOpen) throw leftTransaction(sql)
    if (kind === 'read') return { ...result, changes: 0 }
    // A definition counts no rows.
    if (result.changes === 0) this.#stats.hasDefined ||= !/^\s*(insert|update|delete|replace|with)\b/i.test(sql)
    return result
  }

  /**
   * Runs a statement without parameters and results, however long it takes: the event loop goes on, and with it the renewal of
   * the lease.
   */
  async execInBackground(sql: string): Promise<void> {
    this.beReadyToWrite()
    this.#stats.hasDefined = true
    this.#stats.statements++
    await this.connection.execInBackground(sql)
  }

  #timed<T>(sql: string, action: () => T): T {
    const { clock } = this.#context
    const startedMs = clock.monotonicMs()
    this.#stats.statements++
    try {
      return action()
    } finally {
      this.guard.ran(sql, clock.monotonicMs() - startedMs)
    }
  }

  /** Whether there is anything to commit. */
  get hasChanges(): boolean {
    const { changesBefore, hasDefined } = this.#stats
    if (changesBefore === undefined) return false
    return hasDefined || this.connection.totalChanges() !== changesBefore
  }

  /**
   * Makes it durable. Whatever this throws, the transaction is over.
   *
   * @throws DatabaseError `WRITE_CONFLICT`, `BUSY`, `SQLITE` (nothing was written), `COMMIT_UNKNOWN`
   */
  async commit({ inBackground = false, trace }: CommitOptions = {}): Promise<void> {
    // With nothing to keep, giving the lock back is all.
    if (!this.hasChanges) return this.rollback()
    const { lease, traces, waitedMs } = this.#begun
    const [first, ...links] = traces
    const parent = trace ?? first
    if (parent === undefined) return this.#commit(inBackground)
    const attributes = { 'sqlite_efs.token': lease.token, 'sqlite_efs.waited_ms': Math.round(waitedMs()) }
    return this.tracer.span({ name: 'commit', parent, links, attributes }, (span) => this.#commit(inBackground, span))
  }

  async #commit(inBackground: boolean, span?: Span): Promise<void> {
    const { path, clock, connection, listeners, readers, window, replica } = this.#context
    const lockWait = this.#context.lockWait()
    const { openMs, waitedMs } = this.#stats
    const startedMs = clock.monotonicMs()
    const size = listeners.isHeard || span ? this.#size() : undefined
    if (size) span?.set({ 'sqlite_efs.statements': size.statements, 'sqlite_efs.rows': size.rows })
    await this.#readyToCommit()
    const letReadersIn = readers.holdBack()
    try {
      // Before COMMIT asks for the file, and keeps new readers out everywhere while it waits.
      if (!(await readers.none(lockWait.timeoutMs))) throw readersStay(path, lockWait.timeoutMs)
      await this.guard.beforeCommit()
      const own = replica?.beforeCommit(this.connection)
      await retryWhileBusy({ ...lockWait, beforeRetry: () => this.guard.beforeCommit() }, () => {
        window.closeWindow()
        // Else it would go to a file that nobody finds any more.
        if (this.connection.isMoved) throw moved(path)
        return inBackground ? this.connection.execInBackground('COMMIT') : this.connection.exec('COMMIT')
      })
      connection.committed()
      replica?.committed(own)
      const times = { waitedMs, openMs, commitMs: clock.monotonicMs() - startedMs }
      if (size) listeners.tell({ type: 'commit', path, token: this.#begun.lease.token, ...size, ...times })
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
      statements: this.#stats.statements,
      rows: connection.totalChanges() - (this.#stats.changesBefore ?? 0),
      fileBytes: Number(connection.value('PRAGMA page_count')) * Number(connection.value('PRAGMA page_size')),
    }
  }

  async #readyToCommit(): Promise<void> {
    const { path } = this.#context
    const { lease, fenceIsStored } = this.#begun
    try {
      const { doubt } = this.connection
      if (doubt) throw doubtfulTransaction(path, doubt)
      if (!fenceIsStored) this.#storeFence(lease.token)
      await this.guard.beforeCommit()
    } catch (error) {
      this.rollback()
      throw error
    }
  }

  #storeFence(token: number): void {
    const sql = storeFence(token)
    this.#timed(sql, () => this.connection.exec(sql))
  }

  async #commitFailed(error: unknown, lockWait: LockWait): Promise<unknown> {
    const { path, connection } = this.#context
    if (isMoved(error)) this.guard.tellConflict('FILE_REPLACED')
    const isRefused = error instanceof DatabaseError && error.code === 'WRITE_CONFLICT'
    if (this.isOpen && (isBusy(error) || isCommitsEndInTheFile(error) || isRefused)) {
      this.rollback()
      return error
    }
    connection.discard()
    if (isCommitsEndInTheFile(error) && (await this.#isUndone(lockWait))) return error
    return commitUnknown(path, error)
  }

  /**
   * Whether the file, with what SQLite rolls back in it, is the one that the transaction began with: then its change counter is the same.
   * Asked by a new connection while the lease is held, so that no other process commits in between; one that does makes it unknown.
   */
  async #isUndone(lockWait: LockWait): Promise<boolean> {
    const { connection } = this.#context
    try {
      return await retryWhileBusy(lockWait, () => {
        // Not another file that stands at the path by now.
        const again = connection.isOpen ? connection.current : connection.opened()
        again.exec('BEGIN IMMEDIATE')
        const isUndone = again.changeCounter() === this.#stats.counterBefore
        this.rollback()
        return isUndone
      })
    } catch {
      connection.discard()
      return false
    }
  }

  /** Ends it and leaves nothing behind. Never throws. */
  rollback(): void {
    this.#context.connection.rollback()
  }
}
