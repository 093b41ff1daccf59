import type { Clock } from '@sqlite-efs/lease'
import { check } from '../contract/check.js'
import type { Transaction } from '../contract/database.js'
import { DatabaseError } from '../contract/errors.js'
import type { Invocation, InvocationOptions } from '../contract/invocation.js'
import { nextTick } from '../engine/event-loop.js'
import { within } from '../engine/retry-while-busy.js'
import { milliseconds } from '../file/options.js'
import type { Job } from '../write/job.js'
import type { InvocationScope, InvocationState, OngoingInvocation } from './invocation-scope.js'

/** How long before its end an invocation stops waiting, unless it says so itself. */
const MARGIN_MS = 500
/** https://nodejs.org/api/timers.html: setTimeout takes no more. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** What an invocation needs of its file. */
export interface OpenInvocationContext {
  path: string
  clock: Clock
  scope: InvocationScope
}

/** Whom an invocation tells of itself. */
interface Observer {
  /** It needs no lease for now. */
  paused(): Promise<void>
  /** Nothing of it is under way any more. */
  ended(): Promise<void>
}

/** An invocation of this process. */
export class OpenInvocation implements Invocation, OngoingInvocation {
  readonly #context: OpenInvocationContext
  readonly #observer: Observer
  readonly #remainingMs: () => number
  readonly #marginMs: number
  readonly #underWay = new Set<Promise<unknown>>()
  readonly #transactions = new Map<Transaction, () => void>()
  readonly #lastMoment: Promise<void>
  readonly #cancelTimer: () => void
  #isWriter = false
  #state: InvocationState = 'open'
  #ending: Promise<void> | undefined
  #finishing: Promise<void> | undefined

  constructor(context: OpenInvocationContext, options: InvocationOptions, observer: Observer) {
    const { remainingMs } = options
    if (typeof remainingMs !== 'function' || Number.isNaN(Number(remainingMs()))) {
      throw check.wrong('remainingMs', 'be a function that returns milliseconds', remainingMs)
    }
    this.#context = context
    this.#observer = observer
    this.#remainingMs = () => options.remainingMs()
    this.#marginMs = milliseconds('marginMs', options.marginMs, MARGIN_MS)
    let cancel = () => {}
    this.#lastMoment = new Promise((resolve) => {
      const leftMs = Math.min(Math.max(0, this.remainingMs() - this.#lastMs), MAX_TIMER_MS)
      const isLast = () => {
        this.#state = 'out-of-time'
        resolve()
        void this.#finish()
      }
      // A process that has nothing else to wait for would end, unanswered, with all that is open.
      cancel = context.clock.after(leftMs, isLast, { background: leftMs === MAX_TIMER_MS })
    })
    this.#cancelTimer = () => cancel()
  }

  get isWriter(): boolean {
    return this.#isWriter
  }

  get state(): InvocationState {
    return this.#state
  }

  /** What can't tell any more has none left: an error would end the line, and with it everybody's writes. */
  remainingMs(): number {
    try {
      return Number(this.#remainingMs()) || 0
    } catch {
      return 0
    }
  }

  waitMs(): number {
    const leftMs = Math.max(0, this.remainingMs())
    return Math.max(leftMs - this.#marginMs, leftMs / 2)
  }

  run<T>(body: () => T): T {
    return this.#context.scope.run(this, body)
  }

  enter(): void {
    this.#context.scope.enter(this)
  }

  admit<G>(job: Job<G>): Job<G> | DatabaseError {
    if (this.#state === 'out-of-time' || this.remainingMs() <= this.#lastMs) return this.#outOfTime(job.what)
    this.#isWriter = true
    const waitMs = Math.floor(this.waitMs())
    if (waitMs >= job.timeoutMs) return job
    return { ...job, timeoutMs: waitMs, timeoutOption: "the function's timeout" }
  }

  #outOfTime(what: string): DatabaseError {
    const { path } = this.#context
    const leftMs = Math.max(0, Math.round(this.remainingMs()))
    const message = `No turn to write ${path} for ${what}: the invocation ends in ${leftMs} ms, and gives the lease back before. Raise the function's timeout.`
    return new DatabaseError('LEASE_TIMEOUT', message, { path, option: "the function's timeout" })
  }

  /** Half of the margin is for the handler to answer, the other half for giving back. */
  get #lastMs(): number {
    return this.#marginMs / 2
  }

  track(promise: Promise<unknown>): void {
    this.#underWay.add(promise)
    const done = () => void this.#underWay.delete(promise)
    promise.then(done, done)
  }

  enlist(transaction: Transaction): DatabaseError | undefined {
    if (this.#state === 'out-of-time') return this.#outOfTime('a transaction')
    this.track(new Promise<void>((resolve) => this.#transactions.set(transaction, resolve)))
    return undefined
  }

  strike(transaction: Transaction): void {
    this.#transactions.get(transaction)?.()
    this.#transactions.delete(transaction)
  }

  async pause(): Promise<void> {
    if (this.#transactions.size > 0) return
    if (this.#ending) return this.#ending
    await Promise.race([this.#quiet(), this.#lastMoment])
    this.#isWriter = false
    await this.#inTime(this.#observer.paused())
  }

  end(): Promise<void> {
    this.#ending ??= this.#end()
    return this.#ending
  }

  async #end(): Promise<void> {
    await Promise.race([this.#quiet(), this.#lastMoment])
    this.#state = 'ended'
    this.#cancelTimer()
    await this.#finish()
  }

  /** What nobody awaits may be followed by more: whatever begins in the same turn of the event loop. */
  async #quiet(): Promise<void> {
    do {
      await Promise.allSettled(this.#underWay)
      await nextTick()
    } while (this.#underWay.size > 0)
  }

  #finish(): Promise<void> {
    this.#finishing ??= this.#giveBack()
    return this.#finishing
  }

  async #giveBack(): Promise<void> {
    const over = Promise.allSettled([...this.#transactions.keys()].map((transaction) => transaction.rollback()))
    await this.#inTime(over.then(() => this.#observer.ended()))
  }

  /** What belongs to no invocation, and DynamoDB, may take longer: the answer does not wait for them until it is too late. */
  async #inTime(promise: Promise<void>): Promise<void> {
    const leftMs = Math.min(Math.max(0, this.remainingMs() - this.#lastMs / 2), MAX_TIMER_MS)
    await within(this.#context.clock, leftMs, promise)
  }
}
