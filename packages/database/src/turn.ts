import type { Clock, Lease } from '@sqlite-efs/lease'
import { DatabaseError } from './errors.js'
import type { Tenure } from './tenure.js'
import { noTracer, type TraceContext, type Tracer } from './tracing.js'
import { type CommitOptions, Overtaken, Superseded, type Writer } from './writer.js'

/** What a turn works with. */
export interface TurnOptions {
  clock: Clock
  tenure: Tenure
  writer: Writer
  /** Adds what the line knows to an error that says that the file stays locked. */
  explainBusy(error: DatabaseError): Promise<DatabaseError>
  /** @default none */
  tracer?: Tracer
}

/** Whose turn it is. */
export interface TurnOf {
  /** How long a locked file is waited for. */
  patienceMs(): number
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
export class Turn {
  readonly lease: Lease
  readonly writer: Writer
  readonly tracer: Tracer
  readonly #options: TurnOptions
  readonly #of: TurnOf

  constructor(options: TurnOptions, lease: Lease, of: TurnOf) {
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
    } catch (error) {
      if (error instanceof DatabaseError && error.code === 'BUSY') throw await this.#options.explainBusy(error)
      if (error instanceof Overtaken) throw new TurnIsOver(false)
      if (!(error instanceof Superseded)) throw error
      await this.#options.tenure.raise(error.floor)
      throw new TurnIsOver(true)
    }
  }

  #begin(mayOnlyRead: boolean): Promise<void> {
    const { patienceMs, waitedMs, traces } = this.#of
    return this.tracer.span({ name: 'begin', parent: traces[0], attributes: this.#attributes }, () =>
      this.writer.begin(this.lease, { timeoutMs: patienceMs(), waitedMs, mayOnlyRead }),
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

  /** Between two statements that may take long: there is no use in going on when the lease is lost. */
  async stayAlive(): Promise<void> {
    if (this.lease.remainingMs() > this.lease.ttlMs / 2) return
    try {
      await this.lease.renew()
    } catch (error) {
      throw this.writer.conflict(error)
    }
  }

  /** Milliseconds, to tell how long something takes. */
  nowMs(): number {
    return this.#options.clock.monotonicMs()
  }
}
