import { Moment } from '@sqlite-efs/lease/internal'
import { DatabaseError } from '../contract/errors.js'
import type { Connection } from '../engine/connection.js'
import { isWaitOver, MAX_PAUSE_MS, retryWhileBusy } from '../engine/retry-while-busy.js'
import { isBusy, isConnectionDoubtful, needsRecovery } from '../engine/sqlite-error.js'
import type { ReaderContext } from './read-lock.js'

/** What a read turned out to be. */
export interface ReadOutcome {
  /** Whether it counts as a read in the event of its window. */
  isRead: boolean
  /** Within how many microtasks its caller may send the next statement of the same operation. */
  followUpMicrotasks: number
}

/** A read after which nothing of the same operation follows. */
export const PLAIN_READ: ReadOutcome = { isRead: true, followUpMicrotasks: 0 }
/** Nothing was read for a caller: a statement was only compiled, or the file was looked at. */
export const NO_READ: ReadOutcome = { isRead: false, followUpMicrotasks: 0 }

/** A read that is sent and not answered. */
export interface ReadRequest {
  since: Moment
  timeoutMs: number
  /** How often its connection was found to be worthless. */
  failures: number
  /** Runs it in the window and answers its caller. Throws if it failed. */
  run(connection: Connection): ReadOutcome
  fail(error: unknown): void
}

/** Reads that found the file locked, and those that came since. One of them looks, for all: each look is a remote call that blocks the event loop. */
export class WaitingReads {
  readonly #context: ReaderContext
  readonly #serve: (takeAll: () => readonly ReadRequest[]) => void
  #waiting: ReadRequest[] | undefined
  #inTheWay: unknown

  /** @param serve opens the window and runs those it takes; throws where the file is still locked, and takes none then */
  constructor(context: ReaderContext, serve: (takeAll: () => readonly ReadRequest[]) => void) {
    this.#context = context
    this.#serve = serve
  }

  /** Whether a read waits for the lock. */
  get isAnyone(): boolean {
    return this.#waiting !== undefined
  }

  /** What the first of them met. */
  get inTheWay(): unknown {
    return this.#inTheWay
  }

  /** Has a read wait that found the file locked. */
  add(request: ReadRequest, met: unknown): void {
    if (this.#waiting) return this.join(request)
    this.#waiting = [request]
    this.#inTheWay = met
    void this.#waitForLock(met)
  }

  /** Has a read wait with those before it, but for no longer than its own time: that may be over before theirs. */
  join(request: ReadRequest): void {
    const waiting = this.#waiting ?? []
    waiting.push(request)
    const [first] = waiting
    if (first && leftMs(request) >= leftMs(first)) return
    try {
      this.#context.clock.after(leftMs(request), () => this.#expire(request), { background: true })
    } catch {
      // Without a timer it waits as long as the first one.
    }
  }

  #expire(request: ReadRequest): void {
    const waiting = this.#waiting
    // The look itself is for the first one, and ends in its time.
    if (!waiting?.includes(request) || waiting[0] === request) return
    this.#waiting = waiting.filter((it) => it !== request)
    const { path, onTimeout } = this.#context.lockWait()
    const message = onTimeout(request.since.elapsedMs())
    request.fail(new DatabaseError('BUSY', message, { path, extendedCode: 5 }, { cause: this.#inTheWay }))
  }

  async #waitForLock(met: unknown): Promise<void> {
    for (let error = met; this.#waiting?.[0]; ) {
      const failure = await this.#lookFor(this.#waiting[0], error)
      if (failure === undefined) return
      error = failure
      // It is the time of the first that ended: others may have more left, but not just the rest of a pause.
      const isFinal = !isWaitOver(failure)
      const waiting = this.#waiting.splice(0)
      for (const request of waiting) {
        const isOver = isFinal || leftMs(request) <= MAX_PAUSE_MS
        const isTriedAgain = isConnectionDoubtful(failure) && request.failures++ === 0
        if (!isOver || isTriedAgain) this.#waiting.push(request)
        else request.fail(failure)
      }
    }
    this.#waiting = undefined
  }

  /** Waits for the lock as long as `first` would, and has all served that wait. Returns what failed otherwise. */
  async #lookFor(first: ReadRequest, met: unknown): Promise<unknown> {
    const lockWait = this.#context.lockWait()
    let looks = 0
    try {
      await retryWhileBusy(
        { ...lockWait, timeoutMs: leftMs(first), onTimeout: () => lockWait.onTimeout(first.since.elapsedMs()) },
        () => {
          // The first look was the caller's.
          if (looks++ === 0 && isWaitedFor(met)) throw met
          this.#serve(() => this.#takeAll())
        },
      )
      return undefined
    } catch (error) {
      return error
    }
  }

  #takeAll(): readonly ReadRequest[] {
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    return waiting
  }
}

const leftMs = ({ timeoutMs, since }: ReadRequest) => timeoutMs - since.elapsedMs()

/** Whether a read waits after such an error, and asks again. */
export const isWaitedFor = (error: unknown) => isBusy(error) || needsRecovery(error)
