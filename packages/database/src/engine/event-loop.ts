import { setImmediate } from 'node:timers'
import type { Clock } from '@sqlite-efs/lease'

/** Resolves with the next tick of the event loop: what is under way in it has gone on by then. */
export const nextTick = () => new Promise<void>((resolve) => setImmediate(resolve))

/**
 * For so long, at most, statements that are awaited one after the other run before the event loop has a tick. Prisma goes from one to the
 * next by microtasks, in which no timer fires and no answer arrives: no time limit, no renewal, no request of another caller.
 */
export const MAX_WITHOUT_TICK_MS = 20

/** Knows for how long the event loop has stood still, and lets it go on. */
export class EventLoop {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #nextTick: () => Promise<void>
  /** Its next tick, and when it was first waited for. */
  #next: { promise: Promise<void>; sinceMs: number } | undefined

  constructor(clock: Pick<Clock, 'monotonicMs'>, afterThisTick: () => Promise<void> = nextTick) {
    this.#clock = clock
    this.#nextTick = afterThisTick
  }

  /** Milliseconds since the first look in this tick: for so long, at least, nothing else has run. */
  get busyMs(): number {
    const nowMs = this.#clock.monotonicMs()
    return nowMs - this.#expected(nowMs).sinceMs
  }

  /** Waits for the next tick where there was none for long; else there is nothing to wait for, and no promise. */
  pause(): Promise<void> | undefined {
    return this.busyMs > MAX_WITHOUT_TICK_MS ? this.tick : undefined
  }

  /** Resolves when what waits for this tick has gone on. */
  afterThisTick(): Promise<void> {
    return this.#nextTick()
  }

  /** Resolves with the next tick. */
  get tick(): Promise<void> {
    return this.#expected(this.#clock.monotonicMs()).promise
  }

  #expected(nowMs: number): { promise: Promise<void>; sinceMs: number } {
    this.#next ??= {
      sinceMs: nowMs,
      promise: this.#nextTick().then(() => {
        this.#next = undefined
      }),
    }
    return this.#next
  }
}
