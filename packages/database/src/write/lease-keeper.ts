import { type Clock, type Lease, LeaseError, type Leaser } from '@sqlite-efs/lease'
import { Moment, type QueuedAcquireOptions } from '@sqlite-efs/lease/internal'
import { noTracer, type Span, type TraceContext, type Tracer } from '../contract/tracing.js'

/** What a tenure needs to know. */
export interface LeaseKeeperOptions {
  leaser: Leaser
  key: string
  clock: Clock
  maxHoldMs: number
  owner?: string | undefined
  /** @default none */
  tracer?: Tracer
}

/**
 * This process's place in the line: one for all of its writers, kept while there is more to write, for `maxHoldMs` at
 * most while others may be waiting.
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions
  readonly #tracer: Tracer
  #lease: Lease | undefined
  #since: Moment
  #releasing: Promise<void> = Promise.resolve()
  #cancelTimer = () => {}
  #why: (() => LeaseError) | undefined
  /** For whom the lease was asked for. */
  #trace: TraceContext | undefined

  constructor(options: LeaseKeeperOptions) {
    this.#options = options
    this.#tracer = options.tracer ?? noTracer
    this.#since = new Moment(options.clock)
  }

  /** Whether {@link LeaseKeeper.take} has a lease to give at once. */
  get isAtHand(): boolean {
    return this.#atHand() !== undefined
  }

  /**
   * The lease: the one that is held, at once, and then without a promise; or the next one that is had.
   *
   * @throws LeaseError as {@link Leaser.acquire} does
   */
  take(timeoutMs: () => number, trace?: TraceContext): Lease | Promise<Lease> {
    this.#cancelTimer()
    return this.#atHand() ?? this.#takeNext(timeoutMs, trace)
  }

  #atHand(): Lease | undefined {
    const held = this.#lease
    return held && isAlive(held) && this.#since.elapsedMs() <= this.#options.maxHoldMs ? held : undefined
  }

  async #takeNext(timeoutMs: () => number, trace: TraceContext | undefined): Promise<Lease> {
    const { leaser, key, owner, clock } = this.#options
    const onWait = (why: () => LeaseError) => {
      this.#why = why
    }
    const options: QueuedAcquireOptions = {
      timeoutMs: Math.max(0, timeoutMs()),
      remainingMs: timeoutMs,
      onWait,
      ...(owner === undefined ? {} : { owner }),
    }
    const held = this.#lease
    if (held && isAlive(held)) {
      this.#lease = undefined
      this.#lease = await this.#acquired(trace, () => held.yield(options))
    } else {
      await this.release()
      this.#lease = await this.#acquired(trace, () => leaser.acquire(key, options))
    }
    this.#since = new Moment(clock)
    this.#why = undefined
    return this.#lease
  }

  #acquired(trace: TraceContext | undefined, acquire: () => Promise<Lease>): Promise<Lease> {
    this.#trace = trace
    return this.#tracer.span({ name: 'lease.acquire', parent: trace }, async (span) => {
      try {
        const lease = await acquire()
        span.set({ 'sqlite_efs.token': lease.token, 'sqlite_efs.waiting': lease.waiting })
        return lease
      } catch (error) {
        tellPosition(span, error)
        throw error
      }
    })
  }

  /** Why the lease that is waited for is not had yet; undefined where the wait has not begun. */
  whyNotYet(): LeaseError | undefined {
    try {
      return this.#why?.()
    } catch {
      // What a leaser can't explain must not keep anybody from giving up.
      return undefined
    }
  }

  /** Makes the next lease carry a larger ticket than the file knows: the table was lost, or somebody newer has written. */
  async raise(floor: number): Promise<void> {
    await this.release()
    await this.#options.leaser.raise(this.#options.key, floor)
  }

  /** Keeps the lease for more to come, until it was held for `maxHoldMs`. */
  keep(): void {
    const { clock, maxHoldMs } = this.#options
    const leftMs = Math.max(0, maxHoldMs - this.#since.elapsedMs())
    try {
      this.#cancelTimer = clock.after(leftMs, () => void this.release(), { background: true })
    } catch {
      // Without a timer nothing would end it.
      void this.release()
    }
  }

  /** Gives the lease back. Never throws: a leave that is not acknowledged is retried by the leaser, and ends with its `ttlMs`. */
  release(): Promise<void> {
    this.#cancelTimer()
    const lease = this.#lease
    this.#lease = undefined
    if (lease) this.#releasing = this.#releasing.then(() => this.#released(lease)).catch(() => {})
    return this.#releasing
  }

  #released(lease: Lease): Promise<void> {
    const attributes = { 'sqlite_efs.token': lease.token }
    return this.#tracer.span({ name: 'lease.release', parent: this.#trace, attributes }, () => lease.release())
  }
}

const tellPosition = (span: Span, error: unknown) => {
  const position = error instanceof LeaseError ? error.details.position : undefined
  if (position !== undefined) span.set({ 'sqlite_efs.position': position })
}

const isAlive = (lease: Lease) => !lease.signal.aborted && lease.remainingMs() > 0

export const isTimeout = (error: unknown): error is LeaseError =>
  error instanceof LeaseError && error.code === 'LEASE_TIMEOUT'
