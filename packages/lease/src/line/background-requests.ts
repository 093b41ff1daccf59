import { type Clock, Moment, sleep } from '../time/clock.js'

const PAUSE_MS = 1000

/**
 * Requests that no caller waits for. A connection that is being made keeps the process alive, and can't be told not to. So
 * once the leaser is closed such requests are made all at once, with pauses in which nothing keeps the process alive: it ends
 * there unless it has something else to do.
 */
export class BackgroundRequests {
  readonly #clock: Clock
  readonly #underWay = new Set<AbortController>()
  #isPaced = false
  #pacedSince: Moment
  #next: Promise<void> | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#pacedSince = new Moment(clock)
  }

  async run<T>(request: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#isPaced) await (this.#next ??= this.#pause())
    const end = new AbortController()
    this.#underWay.add(end)
    try {
      return await request(end.signal)
    } finally {
      this.#underWay.delete(end)
    }
  }

  /** The leaser is closed: ends what is under way, and begins a pause. */
  pace(): void {
    this.#isPaced = true
    this.#pacedSince = new Moment(this.#clock)
    for (const request of this.#underWay) request.abort()
  }

  /** The leaser is used again. */
  resume(): void {
    this.#isPaced = false
  }

  async #pause(): Promise<void> {
    do await sleep(this.#clock, PAUSE_MS, undefined, { background: true })
    while (this.#underWay.size > 0 || this.#pacedSince.elapsedMs() < PAUSE_MS)
    this.#next = undefined
  }
}
