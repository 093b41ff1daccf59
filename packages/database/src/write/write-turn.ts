import type { Clock, Lease } from '@sqlite-efs/lease'
import { DatabaseError } from '../contract/errors.js'
import { noTracer, type TraceContext, type Tracer } from '../contract/tracing.js'
import { type EventLoop, MAX_WITHOUT_TICK_MS } from '../file/event-loop.js'
import type { LeaseKeeper } from './lease-keeper.js'
import { type CommitOptions, Overtaken, Superseded, type Writer } from './writer.js'

/** What a turn works with. */
export interface WriteTurnOptions {
  clock: Clock
  leaseKeeper: LeaseKeeper
  writer: Writer
  /** Adds what the line knows to an error that says that the file stays locked. */
  explainBusy(error: DatabaseError): Promise<DatabaseError>
  eventLoop: EventLoop
  /** @default none */
  tracer?: Tracer
}

/** Whose turn it is. */
export interface TurnOf {
  /** How long a locked file is waited for. */
  lockWaitMs(): number
  /** How long the first of them has waited. */
  waitedMs(): number
  /** Where each of them, who are traced, was as it began to wait. */
  traces: readonly TraceContext[]
}

/** The lease went, or the file knows a newer ticket: nothing was begun, and whose turn it was stands in line again. */
export class TurnIsOver {
  /** The file knows a newer ticket; the next lease will have a larger one. */
  readonly isSuperseded: boolean
  constructor(isSuperseded: boolean) {
    this.isSuperseded = isSuperseded
  }
}

/** Somebody's turn to write. */
export class WriteTurn {
  readonly lease: Lease
  readonly writer: Writer
  readonly tracer: Tracer
  readonly #options: WriteTurnOptions
  readonly #of: TurnOf

  constructor(options: WriteTurnOptions, lease: Lease, of: TurnOf) {
    this.lease = lease
    this.writer = options.writer
    this.tracer = options.tracer ?? noTracer
    this.#options = options
    this.#of = of
  }

  /**
   * Begins a transaction under the lease. The file has the last word on who is newest.
   *
   * @param options.mayOnlyRead for who may turn out to have nothing to write, and writes by {@link Writer.run} only
   * @throws TurnIsOver, which is the queue's to catch; DatabaseError `BUSY`, `CONFIGURATION`, `SQLITE`
   */
  async begin({ mayOnlyRead = false } = {}): Promise<void> {
    if (this.lease.signal.aborted || this.lease.remainingMs() <= 0) throw new TurnIsOver(false)
    try {
      await this.#begin(mayOnlyRead)
      this.#noteBusy()
    } catch (error) {
      if (error instanceof DatabaseError && error.code === 'BUSY') throw await this.#options.explainBusy(error)
      if (error instanceof Overtaken) throw new TurnIsOver(false)
      if (!(error instanceof Superseded)) throw error
      await this.#options.leaseKeeper.raise(error.floor)
      throw new TurnIsOver(true)
    }
  }

  #begin(mayOnlyRead: boolean): Promise<void> {
    const { lockWaitMs, waitedMs, traces } = this.#of
    return this.tracer.span({ name: 'begin', parent: traces[0], attributes: this.#attributes }, () =>
      this.writer.begin(this.lease, { timeoutMs: lockWaitMs(), waitedMs, mayOnlyRead }),
    )
  }

  /** Commits, under the first one's trace if no other is given. */
  async commit({
    inBackground = false,
    trace,
  }: {
    inBackground?: boolean
    trace?: TraceContext | undefined
  } = {}): Promise<void> {
    const [first, ...links] = this.#of.traces
    const parent = trace ?? first
    const commit = (options: CommitOptions) => this.writer.commit(this.lease, { inBackground, ...options })
    // With nothing changed there is none.
    if (parent === undefined || !this.writer.hasChanges) return commit({})
    return this.tracer.span({ name: 'commit', parent, links, attributes: this.#attributes }, (span) => commit({ span }))
  }

  get #attributes() {
    return { 'sqlite_efs.token': this.lease.token, 'sqlite_efs.waited_ms': Math.round(this.#of.waitedMs()) }
  }

  /** Whether the lease lasts just now: what was read and written before is sure to be right. */
  get isAlive(): boolean {
    return !this.lease.signal.aborted && this.lease.remainingMs() > 0
  }

  /** Whether there is something to do before the next statement: see {@link prepare}. A look at the clock, or two. */
  get needsPause(): boolean {
    return this.#noteBusy() > MAX_WITHOUT_TICK_MS || this.#isHalfOver
  }

  /**
   * Between two statements: lets the event loop have a turn where it had none for long, and renews the lease where more than half of it
   * is over. Never throws: whether the lease lasts is to be looked at afterwards.
   */
  async prepare(): Promise<void> {
    if (this.#noteBusy() > MAX_WITHOUT_TICK_MS) await this.#options.eventLoop.turn
    if (this.#isHalfOver) await this.renew()
  }

  /** Resolves when what waits for a turn of the event loop has gone on. */
  afterThisTick(): Promise<void> {
    return this.#options.eventLoop.afterThisTick()
  }

  /** For how long nothing else has run in this thread: said where the lease does not last. */
  #noteBusy(): number {
    const { busyMs } = this.#options.eventLoop
    this.writer.noteBusy(busyMs)
    return busyMs
  }

  /** Asks for a whole lease. A holder whose time has run out may still have it: only the line knows. Never throws. */
  async renew(): Promise<void> {
    this.#noteBusy()
    await this.lease.renew().catch(() => {
      // A lease that is lost says so itself, and without an answer it lasts for as long as it did.
    })
  }

  /**
   * Between two statements that may take long: there is no use in going on when the lease is lost.
   *
   * @throws DatabaseError `WRITE_CONFLICT`
   */
  async stayAlive(): Promise<void> {
    if (this.#isHalfOver) await this.renew()
    if (!this.isAlive) throw this.writer.conflict(this.lease.signal.reason)
  }

  get #isHalfOver(): boolean {
    return this.lease.remainingMs() <= this.lease.ttlMs / 2
  }

  /** Milliseconds, to tell how long something takes. */
  nowMs(): number {
    return this.#options.clock.monotonicMs()
  }
}
