import type { LeaseError } from '../contract/errors.js'
import { check } from '../contract/options.js'
import { type Clock, Moment, sleep } from '../time/clock.js'

/** The caller would not wait any longer: its deadline passed, or its signal aborted. */
export class GaveUp extends Error {
  override readonly name = 'GaveUp'
  readonly why: 'timeout' | 'aborted'

  constructor(why: GaveUp['why'], cause?: unknown) {
    super(why, { cause })
    this.why = why
  }
}

/** How long one caller waits. Every sleep and every pending answer is cut where it ends. */
export class Deadline {
  readonly #clock: Clock
  readonly #timeoutMs: number | (() => number)
  readonly #since: Moment
  readonly signal: AbortSignal | undefined
  /** What is in the way of an answer just now. */
  trouble: LeaseError | undefined

  constructor(clock: Clock, timeoutMs: number | (() => number), signal?: AbortSignal) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#since = new Moment(clock)
    this.signal = signal
  }

  waitedMs(): number {
    return this.#since.elapsedMs()
  }

  /** A function is asked anew each time; a number counts from the start, by the larger of the two clocks. */
  remainingMs(): number {
    if (typeof this.#timeoutMs === 'number') return this.#timeoutMs - this.#since.elapsedMs()
    const remaining = this.#timeoutMs()
    if (typeof remaining === 'number' && !Number.isNaN(remaining)) return remaining
    throw check.wrong('remainingMs()', 'be milliseconds', remaining)
  }

  /** @throws GaveUp */
  check(): void {
    if (this.signal?.aborted) throw new GaveUp('aborted', this.signal.reason)
    if (this.remainingMs() <= 0) throw new GaveUp('timeout')
  }

  /** Sleeps for `ms`, or until patience ends. @throws GaveUp */
  async sleep(ms: number): Promise<void> {
    this.check()
    try {
      await sleep(this.#clock, Math.min(ms, this.remainingMs()), this.signal)
    } catch (reason) {
      throw new GaveUp('aborted', reason)
    }
    this.check()
  }

  /** Waits for `pending`, which goes on by itself if patience ends first. @throws GaveUp */
  bound<T>(pending: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let cancelTimer = () => {}
      const stop = () => {
        cancelTimer()
        this.signal?.removeEventListener('abort', watch)
      }
      const watch = () => {
        cancelTimer()
        try {
          this.check()
          cancelTimer = this.#clock.after(Math.min(this.remainingMs(), MAX_TIMER_MS), watch)
        } catch (error) {
          stop()
          reject(error)
        }
      }
      this.signal?.addEventListener('abort', watch)
      watch()
      pending.then(resolve, reject).finally(stop)
    })
  }
}

/** A longer timer would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1
