import { monotonicMs } from '../worker/history.js'

const TICK_MS = 20

/** How late this process' timers are: what a machine that is too busy does to everybody on it, the DynamoDB in this process included. */
export class Metronome implements Disposable {
  readonly #delays: { at: number; lateMs: number }[] = []
  readonly #timer: NodeJS.Timeout
  #last = monotonicMs()

  constructor() {
    this.#timer = setInterval(() => {
      const at = monotonicMs()
      const lateMs = at - this.#last - TICK_MS
      if (lateMs > 1) this.#delays.push({ at, lateMs })
      this.#last = at
    }, TICK_MS)
  }

  /** All delays that ended between two times, together. */
  lateMs(from: number, to: number): number {
    return this.#delays.reduce((sum, { at, lateMs }) => (at >= from && at <= to ? sum + lateMs : sum), 0)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
