import type { Clock } from './clock.js'
import { Moment } from './clock.js'

/**
 * What an acknowledged join or renew is worth to the one who sent it: the time from sending to the `aliveUntilMs` that
 * was written, counted from just before the request was sent, by the larger of two clocks. Stricter than what the
 * others see, so it is over before anybody may sweep.
 */
export class Grant {
  readonly #sent: Moment
  readonly grantedMs: number
  readonly aliveUntilMs: number

  /** `sent` is the moment before the first try, even if a later one was answered. */
  constructor(sent: Moment, aliveUntilMs: number, ttlMs: number) {
    this.#sent = sent
    this.aliveUntilMs = aliveUntilMs
    this.grantedMs = Math.max(0, Math.min(ttlMs, aliveUntilMs - sent.wallMs))
  }

  remainingMs(): number {
    return Math.max(0, this.grantedMs - this.#sent.elapsedMs())
  }

  /** How far the wall clock ran ahead of the monotonic one: a freeze, or a clock that was set. */
  frozenMs(): number {
    return this.#sent.frozenMs()
  }

  elapsedMs(): number {
    return this.#sent.elapsedMs()
  }
}

/** What is to be written by a request that is sent now. */
export function aliveUntil(clock: Clock, ms: number): number {
  return Math.floor(clock.wallMs() + ms)
}
