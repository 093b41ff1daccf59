import type { ContentContext } from '../contents/context.js'
import type { Transaction } from '../contract/database.js'
import { Listeners } from '../contract/events.js'
import type { Invocation, InvocationOptions } from '../contract/invocation.js'
import type { ResultSet, SqlValue } from '../contract/values.js'
import type { Connection } from '../engine/connection.js'
import { EventLoop } from '../engine/event-loop.js'
import { closeLeftOpen } from '../engine/libsql-handles.js'
import type { LockWait } from '../engine/retry-while-busy.js'
import { FileOpener } from '../file/file-opener.js'
import { FreezeDetector } from '../file/freeze-detector.js'
import type { CheckedOptions } from '../file/options.js'
import type { LastingRead } from '../read/lasting-read.js'
import { LastingReaders } from '../read/lasting-readers.js'
import { LockedRead } from '../read/locked-read.js'
import { MAX_SILENCE_MS } from '../read/read-lock.js'
import { ReadWindow } from '../read/read-window.js'
import { StatementKinds } from '../read/statement-kinds.js'
import { Replica } from '../replica/replica.js'
import { ReplicaReads } from '../replica/replica-reads.js'
import { KindCache } from '../sql/kind-cache.js'
import { DeferredTransaction } from '../transaction/deferred-transaction.js'
import { runScript } from '../transaction/script.js'
import type { TurnWanted } from '../write/job.js'
import { LeaseKeeper } from '../write/lease-keeper.js'
import { explainBusy } from '../write/turn-errors.js'
import type { WriteTurn } from '../write/write-turn.js'
import { WriterConnection } from '../write/writer-connection.js'
import { InvocationScope } from './invocation-scope.js'
import { Invocations } from './invocations.js'
import { Recovery } from './recovery.js'
import { SingleStatements } from './single-statements.js'
import { SubmissionOrder } from './submission-order.js'
import { WriteScheduler } from './write-scheduler.js'

/**
 * One file in one process: its connections, its queue, its place in the line, shared by all that use it here. This class puts them
 * together; what they do is theirs.
 */
export class LeasedFile {
  readonly options: CheckedOptions
  readonly listeners = new Listeners()
  readonly invocations = new InvocationScope()
  /** What operations on the whole content work with. */
  readonly content: ContentContext
  readonly #window: ReadWindow
  readonly #replica: Replica
  readonly #replicaReads: ReplicaReads
  readonly #readers: LastingReaders
  readonly #connection: WriterConnection
  readonly #scheduler: WriteScheduler
  readonly #invocationEnds: Invocations
  readonly #statements: SingleStatements
  readonly #recovery: Recovery
  readonly #kindCache: KindCache
  readonly #submissionOrder = new SubmissionOrder()
  readonly #eventLoop: EventLoop
  readonly #freeze: FreezeDetector

  constructor(options: CheckedOptions) {
    this.options = options
    const { path, clock, leaser, leaseKey, maxHoldMs, owner, tracer } = options
    const { listeners, invocations } = this
    const opener = new FileOpener(options)
    const freeze = new FreezeDetector(clock)
    const eventLoop = new EventLoop(clock)
    const kindCache = new KindCache(options.pragmas)
    const lockWait = () => lockWaitOf(options, invocations)
    // What a dead writer left is rolled back for a read that meets it.
    const lockWaitOfReads = () => ({ ...lockWait(), recover: () => recovery.together() })

    const reads = { clock, freeze, open: () => opener.openReader(), lockWait: lockWaitOfReads }
    const window = new ReadWindow({ ...reads, path, listeners })
    const readers = new LastingReaders(reads)
    const replica = new Replica({
      ...options,
      settings: options.replica,
      listeners,
      window,
      freeze,
    })
    const replicaReads = new ReplicaReads({ path, clock, listeners, window, replica })
    const connection = new WriterConnection({ freeze, open: () => openWriter(opener, window) })
    freeze.onThaw(() => void leaser.close())

    const leaseKeeper = new LeaseKeeper({ leaser, key: leaseKey, clock, maxHoldMs, owner, tracer })
    const explain = (error: Parameters<typeof explainBusy>[0]) => explainBusy(error, options)
    const shared = {
      ...options,
      listeners,
      opener,
      connection,
      readers,
      window,
      replica: replicaReads,
      freeze,
      eventLoop,
      kindCache,
      lockWait,
    }
    const scheduler = new WriteScheduler({ ...shared, leaseKeeper, invocations, explainBusy: explain })
    const recovery = new Recovery({ options, listeners, scheduler })
    const kinds = new StatementKinds({ kindCache, window, reads: replicaReads, scheduler })

    this.content = { options, listeners, opener, readers, window, scheduler, lockWait: lockWaitOfReads }
    this.#statements = new SingleStatements({
      tracer,
      reads: replicaReads,
      kinds,
      submissionOrder: this.#submissionOrder,
      scheduler,
    })
    this.#invocationEnds = new Invocations({ path, clock, scope: invocations, scheduler, leaseKeeper, window })
    this.#window = window
    this.#replica = replica
    this.#replicaReads = replicaReads
    this.#readers = readers
    this.#connection = connection
    this.#scheduler = scheduler
    this.#recovery = recovery
    this.#kindCache = kindCache
    this.#eventLoop = eventLoop
    this.#freeze = freeze
  }

  /** Runs one statement: a read in a window, a write in its turn. */
  execute(sql: string, args: readonly SqlValue[], timeoutMs: number, followUpMicrotasks?: number): Promise<ResultSet> {
    return this.#statements.execute(sql, args, timeoutMs, followUpMicrotasks)
  }

  /** Runs a script in a transaction of its own. */
  async script(sql: string, timeoutMs: number): Promise<void> {
    if (this.#submissionOrder.underWay) await this.#submissionOrder.underWay
    const wanted = { what: 'a script', timeoutMs, timeoutOption: 'lease.timeoutMs', mayCreate: true } as const
    return this.inTurn(wanted, (turn) => runScript(sql, turn, this.options))
  }

  /** Reads in the current window; the connection is not to be kept. */
  async read<T>(action: (connection: Connection) => T): Promise<T> {
    return this.#window.read(action)
  }

  /** Takes the lease and rolls back what a dead writer left; `true` if there was something. */
  recover(): Promise<boolean> {
    return this.#recovery.run('recover')
  }

  /** Runs something in a turn of its own. */
  inTurn<T>(wanted: TurnWanted, action: (turn: WriteTurn) => Promise<T>): Promise<T> {
    return this.#scheduler.inTurn(wanted, action)
  }

  /** Begins a transaction; the promise resolves when it has the lease and the write lock. */
  async beginImmediate(timeoutMs: number): Promise<Transaction> {
    return this.#beginImmediate(timeoutMs)
  }

  async #beginImmediate(timeoutMs: number) {
    if (this.#submissionOrder.underWay) await this.#submissionOrder.underWay
    return this.#scheduler.transaction(timeoutMs)
  }

  /** Begins a transaction that stays a read until it writes. */
  async beginDeferred(timeoutMs: number): Promise<Transaction> {
    // Without a replica the lock is taken in the caller's own turn.
    const pinned = this.#replicaReads.begin()
    const reading = (pinned && (await pinned)) ?? (await this.#beginLocked(timeoutMs))
    const context = {
      ...this.options,
      kindCache: this.#kindCache,
      eventLoop: this.#eventLoop,
      beginImmediate: () => this.#beginImmediate(timeoutMs),
    }
    return new DeferredTransaction(context, reading)
  }

  async #beginLocked(timeoutMs: number): Promise<LastingRead> {
    const reader = await this.#readers.begin(this.invocations.boundedMs(timeoutMs))
    return new LockedRead({ ...this.options, readers: this.#readers }, reader)
  }

  /** Begins a piece of work after which the process may be frozen. @throws DatabaseError `CONFIGURATION` */
  beginInvocation(options: InvocationOptions, afterEnd: () => Promise<void>): Invocation {
    // What slept for so long may have been forgotten by the servers: NFS's locks, and sockets.
    this.#freeze.look(MAX_SILENCE_MS)
    return this.#invocationEnds.begin(options, afterEnd)
  }

  /** Waits until nothing is under way, and gives everything back. */
  async close(): Promise<void> {
    this.#window.discard()
    await this.#scheduler.idle()
    this.#window.discard()
    this.#readers.discard()
    this.#connection.discard()
    this.#replica.close()
    await this.options.leaser.close()
    await closeLeftOpen()
  }
}

function openWriter(opener: FileOpener, window: ReadWindow): Connection {
  const connection = opener.openWriter()
  // What is written here is read here, at once: not from the file that stood there before.
  window.noticeMove()
  return connection
}

const lockWaitOf = ({ path, clock, timeoutMs }: CheckedOptions, invocations: InvocationScope): LockWait => ({
  path,
  clock,
  timeoutMs: invocations.boundedMs(timeoutMs),
  random: Math.random,
  onTimeout: (waitedMs) =>
    `${path} stayed locked for ${Math.round(waitedMs)} ms by another process: one whose deferred transaction stays open, or that computes inside of it without letting its event loop run; a program that uses the file without the lease; or a host that died in a transaction, whose locks the file server keeps for a minute or more. Try again.`,
})
