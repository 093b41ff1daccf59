import { type Clock, Moment } from './clock.js'
import type { Random } from './random.js'

/** Of the time for which the line has stood still: that much, give or take a quarter, a look that comes late may add to it. */
const PAUSE_SHARE = 1 / 20
const MIN_NEXT_PAUSE_MS = 1
const MAX_NEXT_PAUSE_MS = 25
const MIN_TICKET_MS = 5
const MIN_PAUSE_MS = 20
const MAX_PAUSE_MS = 500
/** A dead holder must not make the whole line look slow. */
const MAX_SAMPLE_MS = 100

/** How long to wait until the next look, from the rate at which tickets were served between one's own looks. */
export class PollInterval {
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
    const sinceMs = this.#since.elapsedMs()
    if (this.#ahead === undefined || ahead < this.#ahead) {
      if (this.#ahead !== undefined) this.#learn(sinceMs / (this.#ahead - ahead))
      this.#ahead = ahead
      this.#since = new Moment(this.#clock)
    }
    const jitter = 0.75 + this.#random() / 2
    const shareMs = this.#since.elapsedMs() * PAUSE_SHARE
    if (ahead <= 1) return between(MIN_NEXT_PAUSE_MS, shareMs, MAX_NEXT_PAUSE_MS) * jitter
    // Half of the way, then half of the rest: who oversleeps makes the line slow, and a slow line would make everybody
    // sleep for longer.
    const halfWayMs = ((ahead - 1) * Math.max(this.#perTicketMs, MIN_TICKET_MS) * jitter) / 2
    return between(MIN_PAUSE_MS, Math.max(halfWayMs, shareMs * jitter), MAX_PAUSE_MS)
  }

  /** Quick to believe that the line is fast, slow to believe that it is not. */
  #learn(perTicketMs: number): void {
    const sampleMs = Math.min(perTicketMs, MAX_SAMPLE_MS)
    const slower = sampleMs - this.#perTicketMs
    this.#perTicketMs = this.#perTicketMs === 0 || slower < 0 ? sampleMs : this.#perTicketMs + slower / 4
  }
}

const between = (least: number, value: number, most: number) => Math.min(most, Math.max(least, value))
