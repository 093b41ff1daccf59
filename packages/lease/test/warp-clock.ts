import { type Clock, systemClock } from '../src/time/clock.js'

/** The machine's clock, which can be put forward: what was due by then happens at once. */
export class WarpClock implements Clock {
  #aheadMs = 0
  readonly #timers = new Set<() => void>()

  wallMs(): number {
    return systemClock.wallMs() + this.#aheadMs
  }

  monotonicMs(): number {
    return systemClock.monotonicMs() + this.#aheadMs
  }

  after(ms: number, callback: () => void, options?: { background?: boolean }): () => void {
    const dueMs = this.monotonicMs() + ms
    let cancelTimer = () => {}
    const cancel = () => {
      cancelTimer()
      this.#timers.delete(arm)
    }
    const arm = () => {
      cancelTimer()
      const due = () => {
        cancel()
        callback()
      }
      cancelTimer = systemClock.after(dueMs - this.monotonicMs(), due, options)
    }
    this.#timers.add(arm)
    arm()
    return cancel
  }

  advance(ms: number): void {
    this.#aheadMs += ms
    for (const arm of this.#timers) arm()
  }
}

/** The clock of a process that can die: then whatever it waits for does not happen. */
export class DyingClock extends WarpClock {
  #dead = false

  override after(ms: number, callback: () => void, options?: { background?: boolean }): () => void {
    return super.after(ms, () => !this.#dead && callback(), options)
  }

  die(): void {
    this.#dead = true
  }

  revive(): void {
    this.#dead = false
  }
}
