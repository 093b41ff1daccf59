import type { Clock } from '@sqlite-efs/lease'

/** A clock that is a microsecond later at each look, with timers that fire between two looks: half a one too early. */
export class CreepingClock implements Clock {
  #nowMs = 0
  /** Until then no timer fires: what is not to time out would race against them. */
  hasTimers = false

  wallMs = () => 1_800_000_000_000

  monotonicMs = () => {
    const nowMs = this.#nowMs
    this.#nowMs += 0.001
    return nowMs
  }

  after(ms: number, callback: () => void): () => void {
    if (!this.hasTimers) return () => {}
    // Whoever asks for it has looked at the clock before, once.
    const atMs = this.#nowMs - 0.001 + ms - 0.0005
    const timer = setTimeout(() => {
      this.#nowMs = Math.max(this.#nowMs, atMs)
      callback()
    })
    return () => clearTimeout(timer)
  }
}
