import { clearTimeout, monotonicNow, setTimeout, wallNow } from './real-time.js'

/**
 * Time as a seam: everything here that looks at a clock or waits does it through one of these, so that a test can
 * simulate clocks that disagree, jump, or stand still.
 */
export interface Clock {
  /** Epoch milliseconds, as the machine believes. May jump. */
  wallMs(): number
  /** Milliseconds from an arbitrary start; never goes back, and stands still while a Lambda is frozen. */
  monotonicMs(): number
  /** Calls back once after `ms`; the returned function calls it off. Does not keep the process alive if `background`. */
  after(ms: number, callback: () => void, options?: { background?: boolean }): () => void
}

/** The machine's own clocks, also where a test has replaced the global timers and `Date`. */
export const systemClock: Clock = {
  wallMs: wallNow,
  monotonicMs: monotonicNow,
  after(ms, callback, options) {
    const timer = setTimeout(callback, Math.max(0, ms))
    if (options?.background) timer.unref()
    return () => clearTimeout(timer)
  },
}

/** A moment by both clocks, to measure from. */
export class Moment {
  readonly wallMs: number
  readonly #clock: Clock
  readonly #monotonicMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.wallMs = clock.wallMs()
    this.#monotonicMs = clock.monotonicMs()
  }

  /**
   * Milliseconds since this moment, the larger of what the two clocks say: a frozen Lambda's monotonic clock stands
   * still, and a wall clock can be set back.
   */
  elapsedMs(): number {
    return Math.max(this.#clock.monotonicMs() - this.#monotonicMs, this.#clock.wallMs() - this.wallMs)
  }

  /** Milliseconds that have passed for sure since this moment: the smaller of what the two clocks say, at least 0. */
  surelyElapsedMs(): number {
    return Math.max(0, Math.min(this.#clock.monotonicMs() - this.#monotonicMs, this.#clock.wallMs() - this.wallMs))
  }

  /** How far the wall clock ran ahead of the monotonic one since: a freeze, or a clock that was set forward. */
  frozenMs(): number {
    return Math.max(0, this.#clock.wallMs() - this.wallMs - (this.#clock.monotonicMs() - this.#monotonicMs))
  }
}

/** Resolves after `ms`, or rejects with the signal's reason as soon as it aborts. */
export function sleep(
  clock: Clock,
  ms: number,
  signal?: AbortSignal,
  options?: { background?: boolean },
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error)
    const aborted = () => {
      cancel()
      reject(signal?.reason as Error)
    }
    const cancel = clock.after(
      ms,
      () => {
        signal?.removeEventListener('abort', aborted)
        resolve()
      },
      options,
    )
    signal?.addEventListener('abort', aborted, { once: true })
  })
}
