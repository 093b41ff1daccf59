import { type Clock, Moment } from './clock.js'
import type { Random } from './random.js'

const NEXT_LOOK_MS = 5
const MIN_PAUSE_MS = 20
const MAX_PAUSE_MS = 500
/** One dead holder must not make the pace of all look slow for long. */
const MAX_SAMPLE_MS = 250

/** How long to wait until the next look, from the rate at which tickets were served between one's own looks. */
export class Pace {
  readonly #clock: Clock
  readonly #random: Random
  #ahead: number | undefined
  #since: Moment
  #perTicketMs = 0

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
    this.#since = new Moment(clock)
  }

  /** `ahead`: how many stand before the waiter now. */
  pauseMs(ahead: number): number {
    if (this.#ahead === undefined) {
      this.#ahead = ahead
      this.#since = new Moment(this.#clock)
    } else if (ahead < this.#ahead) {
      const sampleMs = Math.min(MAX_SAMPLE_MS, this.#since.elapsedMs() / (this.#ahead - ahead))
      this.#perTicketMs = this.#perTicketMs === 0 ? sampleMs : (this.#perTicketMs + sampleMs) / 2
      this.#ahead = ahead
      this.#since = new Moment(this.#clock)
    }
    const jitter = 0.75 + this.#random() / 2
    if (ahead <= 1) return NEXT_LOOK_MS * jitter
    const pauseMs = (ahead - 1) * Math.max(this.#perTicketMs, MIN_PAUSE_MS) * jitter
    return Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, pauseMs))
  }
}
