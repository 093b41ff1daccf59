import { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from '@sqlite-efs/lease'
import type { Transaction } from '../contract/database.js'
import { DatabaseError } from '../contract/errors.js'
import type { Invocation, InvocationOptions } from '../contract/invocation.js'
import { nextTick } from '../file/event-loop.js'
import { milliseconds, wrongOption } from '../file/options.js'
import { within } from '../file/retry-while-busy.js'
import type { Job } from '../write/job.js'

/** How long before its end an invocation stops waiting, unless it says so itself. */
const MARGIN_MS = 500
/** https://nodejs.org/api/timers.html: setTimeout takes no more. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Whose work it is, by file. One for the process: before Node 24, each that was ever used, also for a file that is closed,
 * is asked at every promise that is made.
 */
const callers = new AsyncLocalStorage<ReadonlyMap<InvocationsContext, OpenInvocation>>()

/** What invocations need of their file. */
export interface InvocationsContext {
  path: string
  clock: Clock
  /** Waits until nobody waits for a turn, and gives everything back that a process must not be frozen with. */
  settle(): Promise<void>
  /** Gives the lease back, unless somebody has a use for it. */
  giveBack(): Promise<void>
}

/** Those of a file that are under way in this process: one at a time on AWS Lambda, several on its Managed Instances. */
export class Invocations {
  readonly #context: InvocationsContext
  readonly #open = new Set<OpenInvocation>()

  constructor(context: InvocationsContext) {
    this.#context = context
  }

  /** Whether somebody who has written may want to write again under the same lease. */
  get keepLease(): boolean {
    return [...this.#open].some(({ isWriter, isOver }) => isWriter && !isOver)
  }

  /** @throws DatabaseError `CONFIGURATION` */
  begin(options: InvocationOptions, afterEnd: () => Promise<void>): Invocation {
    const invocation = new OpenInvocation(this.#context, options, {
      paused: async () => {
        if (!this.keepLease) await this.#context.giveBack()
      },
      ended: async () => {
        this.#open.delete(invocation)
        if (this.#open.size === 0) await this.#context.settle()
        else if (!this.keepLease) await this.#context.giveBack()
        await afterEnd()
      },
    })
    this.#open.add(invocation)
    return invocation
  }

  /**
   * Whose work this is. What is called from outside of all, as by a middleware that can't wrap its handler, is taken for the
   * work of the one that has the most time left.
   */
  current(): OpenInvocation | undefined {
    const caller = callers.getStore()?.get(this.#context)
    if (caller && !caller.isEnded) return caller
    let current: OpenInvocation | undefined
    for (const each of this.#open) {
      if (!each.isOver && (!current || each.remainingMs() > current.remainingMs())) current = each
    }
    return current
  }

  /** Something of the current one is under way. */
  track(promise: Promise<unknown>): void {
    this.current()?.track(promise)
  }

  /** A transaction is over, whosesoever it was. */
  strike(transaction: Transaction): void {
    for (const each of this.#open) each.strike(transaction)
  }

  /** A wait that is not to outlast the invocation that it is for. */
  boundedMs(timeoutMs: number): number {
    return Math.min(timeoutMs, this.current()?.waitMs() ?? timeoutMs)
  }
}

/** Whom an invocation tells of itself. */
interface Observer {
  /** It needs no lease for now. */
  paused(): Promise<void>
  /** Nothing of it is under way any more. */
  ended(): Promise<void>
}

/** One of them. */
export class OpenInvocation implements Invocation {
  readonly #context: InvocationsContext
  readonly #observer: Observer
  readonly #remainingMs: () => number
  readonly #marginMs: number
  readonly #underWay = new Set<Promise<unknown>>()
  readonly #transactions = new Map<Transaction, () => void>()
  readonly #lastMoment: Promise<void>
  readonly #cancelTimer: () => void
  #isWriter = false
  #isOutOfTime = false
  #isEnded = false
  #ending: Promise<void> | undefined
  #finishing: Promise<void> | undefined

  constructor(context: InvocationsContext, options: InvocationOptions, observer: Observer) {
    const { remainingMs } = options
    if (typeof remainingMs !== 'function' || Number.isNaN(Number(remainingMs()))) {
      throw wrongOption('remainingMs', remainingMs, 'a function that returns milliseconds is wanted')
    }
    this.#context = context
    this.#observer = observer
    this.#remainingMs = () => options.remainingMs()
    this.#marginMs = milliseconds('marginMs', options.marginMs, MARGIN_MS)
    let cancel = () => {}
    this.#lastMoment = new Promise((resolve) => {
      const leftMs = Math.min(Math.max(0, this.remainingMs() - this.#lastMs), MAX_TIMER_MS)
      const isLast = () => {
        this.#isOutOfTime = true
        resolve()
        void this.#finish()
      }
      // A process that has nothing else to wait for would end, unanswered, with all that is open.
      cancel = context.clock.after(leftMs, isLast, { background: leftMs === MAX_TIMER_MS })
    })
    this.#cancelTimer = () => cancel()
  }

  /** Whether it has written, or waited for its turn to. */
  get isWriter(): boolean {
    return this.#isWriter
  }

  /** Whether there is nothing more to come of it: it has ended, or should have. */
  get isOver(): boolean {
    return this.#isEnded || this.#isOutOfTime || this.remainingMs() <= 0
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  /** What can't tell any more has none left: an error would end the line, and with it everybody's writes. */
  remainingMs(): number {
    try {
      return Number(this.#remainingMs()) || 0
    } catch {
      return 0
    }
  }

  /** How long it may still wait for anything. */
  waitMs(): number {
    const leftMs = Math.max(0, this.remainingMs())
    return Math.max(leftMs - this.#marginMs, leftMs / 2)
  }

  run<T>(body: () => T): T {
    return callers.run(this.#among(), body)
  }

  enter(): void {
    callers.enterWith(this.#among())
  }

  /** Beside those of other files that are called from here. */
  #among(): ReadonlyMap<InvocationsContext, OpenInvocation> {
    const others = [...(callers.getStore() ?? [])].filter(([, { isEnded }]) => !isEnded)
    return new Map([...others, [this.#context, this]])
  }

  /** A job of this invocation: it waits for no longer than there is time, and fails where there is none any more. */
  admit<G>(job: Job<G>): Job<G> | DatabaseError {
    if (this.#isOutOfTime || this.remainingMs() <= this.#lastMs) return this.#outOfTime(job.what)
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

  /** Something of it is under way; it does not end before. */
  track(promise: Promise<unknown>): void {
    this.#underWay.add(promise)
    const done = () => void this.#underWay.delete(promise)
    promise.then(done, done)
  }

  /** A transaction of it has begun; says why it is to be rolled back at once, where those before it were already. */
  enlist(transaction: Transaction): DatabaseError | undefined {
    if (this.#isOutOfTime) return this.#outOfTime('a transaction')
    this.track(new Promise<void>((resolve) => this.#transactions.set(transaction, resolve)))
    return undefined
  }

  /** A transaction is over; perhaps another one's. */
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
    this.#isEnded = true
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
