import { AsyncLocalStorage } from 'node:async_hooks'
import type { Transaction } from '../contract/database.js'
import type { DatabaseError } from '../contract/errors.js'
import type { Job } from '../write/job.js'

/** Where an invocation is: past its last moment it begins nothing more, and what is open is rolled back; then it ends. */
export type InvocationState = 'open' | 'out-of-time' | 'ended'

/** An invocation as those see it who work for it. */
export interface OngoingInvocation {
  readonly state: InvocationState
  /** Whether it has written, or waited for its turn to. */
  readonly isWriter: boolean
  remainingMs(): number
  /** How long it may still wait for anything. */
  waitMs(): number
  /** A job of this invocation: it waits for no longer than there is time, and fails where there is none any more. */
  admit<G>(job: Job<G>): Job<G> | DatabaseError
  /** Something of it is under way; it does not end before. */
  track(promise: Promise<unknown>): void
  /** A transaction of it has begun; says why it must be rolled back at once, where those before it were already. */
  enlist(transaction: Transaction): DatabaseError | undefined
  /** A transaction is over; perhaps one of another invocation. */
  strike(transaction: Transaction): void
}

/**
 * Whose work it is, by file. One for the process: before Node 24, each that was ever used, also for a file that is closed,
 * is asked at every promise that is made.
 */
const callers = new AsyncLocalStorage<ReadonlyMap<InvocationScope, OngoingInvocation>>()

/**
 * The invocations of a file that are under way in this process, and which of them a caller belongs to: one at a time on AWS Lambda,
 * several on its Managed Instances.
 */
export class InvocationScope {
  readonly #ongoing = new Set<OngoingInvocation>()

  get isEmpty(): boolean {
    return this.#ongoing.size === 0
  }

  add(invocation: OngoingInvocation): void {
    this.#ongoing.add(invocation)
  }

  delete(invocation: OngoingInvocation): void {
    this.#ongoing.delete(invocation)
  }

  /** Whether an invocation that has written may want to write again under the same lease. */
  get keepLease(): boolean {
    return [...this.#ongoing].some((it) => it.isWriter && !isOver(it))
  }

  /**
   * Whose work this is. What is called from outside of all, as by a middleware that can't wrap its handler, is taken for the
   * work of the one that has the most time left.
   */
  current(): OngoingInvocation | undefined {
    const caller = callers.getStore()?.get(this)
    if (caller && caller.state !== 'ended') return caller
    let current: OngoingInvocation | undefined
    for (const each of this.#ongoing) {
      if (!isOver(each) && (!current || each.remainingMs() > current.remainingMs())) current = each
    }
    return current
  }

  /** Runs `body` as the work of an invocation. */
  run<T>(invocation: OngoingInvocation, body: () => T): T {
    return callers.run(this.#with(invocation), body)
  }

  /** Makes what follows in the caller's own asynchronous context the work of an invocation. */
  enter(invocation: OngoingInvocation): void {
    callers.enterWith(this.#with(invocation))
  }

  /** Beside those of other files that are called from here. */
  #with(invocation: OngoingInvocation): ReadonlyMap<InvocationScope, OngoingInvocation> {
    const others = [...(callers.getStore() ?? [])].filter(([, { state }]) => state !== 'ended')
    return new Map([...others, [this, invocation]])
  }

  /** Something of the current one is under way. */
  track(promise: Promise<unknown>): void {
    this.current()?.track(promise)
  }

  /** A transaction is over, whichever invocation began it. */
  strike(transaction: Transaction): void {
    for (const each of this.#ongoing) each.strike(transaction)
  }

  /** A wait that must not outlast the invocation that it is for. */
  boundedMs(timeoutMs: number): number {
    return Math.min(timeoutMs, this.current()?.waitMs() ?? timeoutMs)
  }
}

/** Whether there is nothing more to come of it: it has ended, or should have. */
const isOver = (invocation: OngoingInvocation) => invocation.state !== 'open' || invocation.remainingMs() <= 0
