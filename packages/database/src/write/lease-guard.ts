import { type Lease, LeaseError } from '@sqlite-efs/lease'
import type { DatabaseError } from '../contract/errors.js'
import type { ConflictCode, Listeners } from '../contract/events.js'
import { type EventLoop, MAX_WITHOUT_TICK_MS } from '../engine/event-loop.js'
import { leaseWasLost } from './writer-errors.js'

/** What {@link LeaseGuard} works with. */
export interface LeaseGuardContext {
  path: string
  eventLoop: EventLoop
  listeners: Listeners
}

/** Whether the lease of a turn lasts, what is done so that it does, and what kept it from being renewed. */
export class LeaseGuard {
  readonly #context: LeaseGuardContext
  readonly #lease: Lease
  #slowest = { ms: 0, sql: '' }
  /** The longest time in which the thread ran only this turn and what its caller computes. */
  #busiestMs = 0

  constructor(context: LeaseGuardContext, lease: Lease) {
    this.#context = context
    this.#lease = lease
  }

  /** Whether the lease lasts just now: what was read and written before is sure to be right. */
  get isAlive(): boolean {
    return !this.#lease.signal.aborted && this.#lease.remainingMs() > 0
  }

  /** Whether there is something to do before the next statement: see {@link LeaseGuard.prepare}. It takes a look at the clock, or two. */
  get needsPause(): boolean {
    return this.#noteBusy() > MAX_WITHOUT_TICK_MS || this.#isHalfOver
  }

  /**
   * Between two statements: lets the event loop go on where it stood still for long, and renews the lease where more than half of it
   * is over. Never throws: look afterwards whether the lease lasts.
   */
  async prepare(): Promise<void> {
    if (this.#noteBusy() > MAX_WITHOUT_TICK_MS) await this.#context.eventLoop.tick
    if (this.#isHalfOver) await this.renew()
  }

  /** Resolves when what waits for the next tick of the event loop has gone on. */
  afterThisTick(): Promise<void> {
    return this.#context.eventLoop.afterThisTick()
  }

  /** Asks for a whole lease. A holder whose time has run out may still have it: only the line knows. Never throws. */
  async renew(): Promise<void> {
    this.#noteBusy()
    await this.#lease.renew().catch(() => {
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
    if (!this.isAlive) throw this.conflict(this.#lease.signal.reason)
  }

  get #isHalfOver(): boolean {
    return this.#lease.remainingMs() <= this.#lease.ttlMs / 2
  }

  /**
   * More than half of the lease must be left for a COMMIT.
   *
   * @throws DatabaseError `WRITE_CONFLICT`
   */
  async beforeCommit(): Promise<void> {
    const lease = this.#lease
    const isSafe = () => !lease.signal.aborted && lease.remainingMs() > lease.ttlMs / 2
    if (isSafe()) return
    try {
      await lease.renew()
    } catch (error) {
      throw this.conflict(error)
    }
    if (!isSafe()) throw this.conflict(lease.signal.reason)
  }

  /** A transaction has begun: what kept the thread busy before it is no cause of what happens to it. */
  begun(): void {
    this.#slowest = { ms: 0, sql: '' }
    this.#busiestMs = 0
    this.#noteBusy()
  }

  /** A statement has kept the thread for this long. */
  ran(sql: string, ms: number): void {
    if (ms > this.#slowest.ms) this.#slowest = { ms, sql }
  }

  /** For how long nothing else has run in this thread: named where the lease does not last. */
  #noteBusy(): number {
    const { busyMs } = this.#context.eventLoop
    this.#busiestMs = Math.max(this.#busiestMs, busyMs)
    return busyMs
  }

  /** Tells of a conflict. */
  tellConflict(code: ConflictCode): void {
    const { path, listeners } = this.#context
    listeners.tell({ type: 'conflict', path, token: this.#lease.token, code })
  }

  /** The error for a lease that did not last until the commit; tells of it. */
  conflict(
    cause: unknown,
    code: ConflictCode = cause instanceof LeaseError ? cause.code : 'LEASE_LOST',
  ): DatabaseError {
    this.tellConflict(code)
    const limitMs = this.#lease.ttlMs / 2
    const [slowest, busiestMs] = [this.#slowest, this.#busiestMs]
    const blocking = slowest.ms > limitMs ? slowest : busiestMs > limitMs ? { ms: busiestMs } : undefined
    return leaseWasLost(this.#context.path, cause, blocking)
  }
}
