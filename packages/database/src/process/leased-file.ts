import { Moment } from '@sqlite-efs/lease'
import { Contents } from '../contents/contents.js'
import type { Transaction } from '../contract/database.js'
import { Listeners } from '../contract/events.js'
import type { Invocation, InvocationOptions } from '../contract/invocation.js'
import type { TraceContext } from '../contract/tracing.js'
import type { ResultSet, SqlValue, StatementKind } from '../contract/values.js'
import type { Connection } from '../file/connection.js'
import { EventLoop } from '../file/event-loop.js'
import { FileOpener } from '../file/file-opener.js'
import { FreezeDetector } from '../file/freeze-detector.js'
import { journalState } from '../file/journal.js'
import { closeLeftOpen } from '../file/libsql-handles.js'
import type { CheckedOptions } from '../file/options.js'
import type { LockWait } from '../file/retry-while-busy.js'
import { LastingReaders } from '../read/lasting-readers.js'
import { MAX_SILENCE_MS } from '../read/read-lock.js'
import { ReadWindow } from '../read/read-window.js'
import { outcomeOf, reading, type SingleStatement } from '../read/single-read.js'
import { StatementKinds } from '../read/statement-kinds.js'
import { KindCache } from '../sql/kind-cache.js'
import { DeferredTransaction } from '../transaction/deferred-transaction.js'
import { runScript } from '../transaction/script.js'
import type { TurnWanted } from '../write/job.js'
import { LeaseKeeper } from '../write/lease-keeper.js'
import type { WriteTurn } from '../write/write-turn.js'
import { Writer } from '../write/writer.js'
import { Invocations } from './invocations.js'
import { SubmissionOrder } from './submission-order.js'
import { WriteScheduler, type WriteWanted } from './write-scheduler.js'

/** One file in one process: its connections, its queue, its place in the line; shared by all who use it here. */
export class LeasedFile {
  readonly options: CheckedOptions
  readonly listeners = new Listeners()
  readonly contents: Contents
  readonly invocations: Invocations
  readonly #reader: ReadWindow
  readonly #lastingReaders: LastingReaders
  readonly #writer: Writer
  readonly #turns: WriteScheduler
  readonly #kindCache: KindCache
  readonly #kinds: StatementKinds
  readonly #submissionOrder = new SubmissionOrder()
  readonly #eventLoop: EventLoop
  readonly #freeze: FreezeDetector
  readonly #opener: FileOpener
  #recovering: Promise<boolean> | undefined

  constructor(options: CheckedOptions) {
    this.options = options
    const { path, clock, fencing, leaser, leaseKey, maxHoldMs, owner, tracer } = options
    const { listeners } = this
    this.#kindCache = new KindCache(options.pragmas)
    this.#freeze = new FreezeDetector(clock)
    this.#eventLoop = new EventLoop(clock)
    this.#opener = new FileOpener(options)
    const readers = {
      clock,
      open: () => this.#opener.openReader(),
      lockWait: () => this.#lockWait(() => this.#recoverTogether()),
      noticeFreeze: () => this.#noticeFreeze(),
    }
    const lockWaitMs = () => this.invocations.boundedMs(options.timeoutMs)
    this.#reader = new ReadWindow({ ...readers, lockWaitMs, path, listeners })
    this.#lastingReaders = new LastingReaders(readers)
    this.#writer = new Writer({
      path,
      fencing,
      readers: this.#lastingReaders,
      open: () => this.#openWriter(),
      lockWait: () => this.#lockWait(),
      closeWindow: () => this.#reader.closeWindow(),
      noticeFreeze: () => this.#noticeFreeze(),
      monotonicMs: () => clock.monotonicMs(),
      listeners,
    })
    const leaseKeeper = new LeaseKeeper({ leaser, key: leaseKey, clock, maxHoldMs, owner, tracer })
    this.#turns = new WriteScheduler({
      options,
      leaseKeeper,
      writer: this.#writer,
      opener: this.#opener,
      kindCache: this.#kindCache,
      eventLoop: this.#eventLoop,
      beforeWaiting: () => {
        this.#noticeFreeze()
        this.#reader.closeWindow()
      },
      invocations: () => this.invocations,
    })
    this.invocations = new Invocations({
      path,
      clock,
      settle: async () => {
        await this.#turns.idle()
        this.#reader.closeWindow()
      },
      giveBack: () => (this.#turns.isIdle ? leaseKeeper.release() : Promise.resolve()),
    })
    this.#kinds = new StatementKinds({
      kindCache: this.#kindCache,
      reader: this.#reader,
      mayBeCreated: () => !this.#turns.isIdle,
    })
    this.contents = new Contents({
      options,
      lastingReaders: this.#lastingReaders,
      openReader: readers.open,
      lockWait: readers.lockWait,
      closeWindow: () => this.#reader.closeWindow(),
      inTurn: async (what, timeoutMs, action) => {
        this.#mustBeThere()
        return this.inTurn({ what, timeoutMs, timeoutOption: 'lease.timeoutMs' }, action)
      },
      tell: (event) => this.listeners.tell(event),
    })
  }

  /** Runs one statement: a read in a window, a write in its turn. */
  execute(sql: string, args: readonly SqlValue[], timeoutMs: number, followUpMicrotasks = 0): Promise<ResultSet> {
    const kind = this.#kinds.now(sql)
    const statement = { sql, args, followUpMicrotasks }
    const trace = this.options.tracer.current()
    if (kind === 'read') return this.#read(statement, trace)
    const write: WriteWanted = {
      what: 'a write',
      timeoutOption: 'lease.timeoutMs',
      timeoutMs,
      trace,
    }
    if (kind === 'probably-read') return this.#readNew(statement, write)
    if (kind === 'write' && !this.#submissionOrder.underWay) return this.#turns.write(statement, write)
    return this.#executeLater(kind, statement, write)
  }

  /** A query whose text is new is asked about and run in one window, unless its span has to begin in between. */
  async #readNew(statement: SingleStatement, write: WriteWanted): Promise<ResultSet> {
    const { sql } = statement
    const told = write.trace
      ? await this.#kinds.ask<ResultSet>(sql)
      : await this.#kinds.ask(sql, reading(statement), (result) => outcomeOf(statement, result, false))
    if (told.kind === 'write') return this.#executeLater('write', statement, write)
    return told.result ?? this.#read(statement, write.trace)
  }

  /** Whether a statement writes can't be asked while another process commits; what was sent after it must not overtake it. */
  async #executeLater(
    kind: StatementKind | undefined,
    statement: SingleStatement,
    write: WriteWanted,
  ): Promise<ResultSet> {
    const { result } = await this.#submissionOrder.enter(async (before) => {
      const known = kind ?? (await this.#kinds.ask(statement.sql)).kind
      if (known === 'read') return { result: this.#read(statement, write.trace) }
      await before
      return { result: this.#turns.write(statement, write) }
    })
    return result
  }

  #read(statement: SingleStatement, parent: TraceContext | undefined): Promise<ResultSet> {
    const isTraced = parent !== undefined
    const read = () => this.#reader.read(reading(statement), (result) => outcomeOf(statement, result, isTraced))
    if (!isTraced) return read()
    return this.options.tracer.span({ name: 'read', parent }, async (span) => {
      const result = await read()
      span.set({ 'sqlite_efs.rows': result.rows.length })
      return result
    })
  }

  /** Runs a script in a transaction of its own. */
  async script(sql: string, timeoutMs: number): Promise<void> {
    if (this.#submissionOrder.underWay) await this.#submissionOrder.underWay
    return this.inTurn({ what: 'a script', timeoutMs, timeoutOption: 'lease.timeoutMs', mayCreate: true }, (turn) =>
      runScript(sql, turn, this.options),
    )
  }

  /** Reads in the current window; the connection is not to be kept. */
  async read<T>(action: (connection: Connection) => T): Promise<T> {
    return this.#reader.read(action)
  }

  /** Takes the lease and rolls back what a dead writer left; `true` if there was something. */
  async recover(cause: 'read' | 'recover' = 'recover'): Promise<boolean> {
    const { path, clock, timeoutMs, tracer } = this.options
    this.#mustBeThere()
    const since = new Moment(clock)
    // A turn that is over before it began (a newer ticket is in the file) has rolled it back already.
    let wasHot = false
    return tracer.span({ name: 'recovery', parent: tracer.current() }, () =>
      this.inTurn({ what: 'a recovery', timeoutMs, timeoutOption: 'lease.timeoutMs' }, async (turn) => {
        wasHot ||= journalState(path) === 'hot-or-live'
        const waitedMs = since.elapsedMs()
        await turn.begin()
        turn.writer.rollback()
        const durationMs = since.elapsedMs() - waitedMs
        const { token } = turn.lease
        if (wasHot) this.listeners.tell({ type: 'recovery', path, token, cause, waitedMs, durationMs })
        return wasHot
      }),
    )
  }

  /** One turn is enough for all who have met the same journal. */
  #recoverTogether(): Promise<boolean> {
    this.#recovering ??= this.recover('read').finally(() => {
      this.#recovering = undefined
    })
    return this.#recovering
  }

  /** Runs something in a turn of its own. */
  inTurn<T>(wanted: TurnWanted, action: (turn: WriteTurn) => Promise<T>): Promise<T> {
    return this.#turns.inTurn(wanted, action)
  }

  /** Begins a transaction; the promise resolves when it has the lease and the write lock. */
  async beginImmediate(timeoutMs: number): Promise<Transaction> {
    if (this.#submissionOrder.underWay) await this.#submissionOrder.underWay
    this.#mustBeThere()
    return this.#turns.transaction(timeoutMs)
  }

  /** Begins a transaction that stays a read until it writes. */
  async beginDeferred(timeoutMs: number): Promise<Transaction> {
    const reader = await this.#lastingReaders.begin(this.invocations.boundedMs(timeoutMs))
    return new DeferredTransaction(
      {
        path: this.options.path,
        kindCache: this.#kindCache,
        readers: this.#lastingReaders,
        clock: this.options.clock,
        eventLoop: this.#eventLoop,
        beginImmediate: () => this.beginImmediate(timeoutMs),
        tellChanged: () => this.#writer.tellConflict('FILE_CHANGED'),
      },
      reader,
    )
  }

  /** Begins a piece of work after which the process may be frozen. @throws DatabaseError `CONFIGURATION` */
  beginInvocation(options: InvocationOptions, afterEnd: () => Promise<void>): Invocation {
    // What slept for so long may have been forgotten by the servers: NFS's locks, and sockets.
    this.#noticeFreeze(MAX_SILENCE_MS)
    return this.invocations.begin(options, afterEnd)
  }

  /** Waits until nothing is under way, and gives everything back. */
  async close(): Promise<void> {
    this.#reader.discard()
    await this.#turns.idle()
    this.#reader.discard()
    this.#lastingReaders.discard()
    this.#writer.discard()
    await this.options.leaser.closeIdle?.()
    await closeLeftOpen()
  }

  /** What only goes on in a database must not make one. */
  #mustBeThere(): void {
    if (!this.#writer.isOpen && this.#turns.isIdle) this.#opener.mustBeThere()
  }

  #openWriter(): Connection {
    const connection = this.#opener.openWriter()
    // What is written here is read here, at once: not from the file that stood there before.
    this.#reader.noticeMove()
    return connection
  }

  #noticeFreeze(maxSilenceMs?: number): void {
    if (!this.#freeze.thawed(maxSilenceMs)) return
    this.#reader.discard()
    this.#lastingReaders.discard()
    this.#writer.discardWhenOver()
    void this.options.leaser.closeIdle?.()
  }

  #lockWait(recover?: () => Promise<unknown>): LockWait {
    const { path, clock, timeoutMs } = this.options
    return {
      path,
      clock,
      timeoutMs: this.invocations.boundedMs(timeoutMs),
      random: Math.random,
      onTimeout: (waitedMs) =>
        `${path} stayed locked for ${Math.round(waitedMs)} ms by another process: one whose deferred transaction stays open, or that computes inside of it without letting its event loop run; a program that uses the file without the lease; or a host that died in a transaction, whose locks the file server keeps for a minute or more. Try again.`,
      ...(recover ? { recover } : {}),
    }
  }
}
