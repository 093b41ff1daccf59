import type { Seats } from '../seats.js'

const EVERY_MS = 1_000
const LONGEST_PAUSE_MS = 8_000
const TIMEOUT_MS = 10_000

/** Whether what is shown is what the service says. */
export type Liveness = 'on' | 'paused' | 'lost'

/**
 * Asks for the state of the seats once a second, and is answered 304 without a body while nothing changes: reads need no
 * lease. It rests while nobody can see the page.
 */
export class Live {
  readonly #url: string
  readonly #show: (seats: Seats) => void
  readonly #say: (liveness: Liveness) => void
  #etag = ''
  #failures = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #underWay: AbortController | undefined

  constructor(url: string, show: (seats: Seats) => void, say: (liveness: Liveness) => void) {
    this.#url = url
    this.#show = show
    this.#say = say
    document.addEventListener('visibilitychange', () => void this.refresh())
    addEventListener('online', () => void this.refresh())
  }

  /** Asks now, whatever is under way, and goes on from there. */
  async refresh(): Promise<void> {
    clearTimeout(this.#timer)
    this.#underWay?.abort()
    if (document.hidden) {
      this.#say('paused')
      return
    }
    const underWay = new AbortController()
    this.#underWay = underWay
    const liveness = await this.#ask(AbortSignal.any([underWay.signal, AbortSignal.timeout(TIMEOUT_MS)])).then(
      () => 'on' as const,
      () => 'lost' as const,
    )
    if (underWay.signal.aborted) return
    this.#failures = liveness === 'on' ? 0 : this.#failures + 1
    this.#say(liveness)
    this.#timer = setTimeout(() => void this.refresh(), Math.min(EVERY_MS * 2 ** this.#failures, LONGEST_PAUSE_MS))
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const response = await fetch(this.#url, { headers: { 'if-none-match': this.#etag }, signal })
    if (response.status === 304) return
    if (!response.ok) throw new Error(`${this.#url} was answered ${response.status}`)
    const seats = (await response.json()) as Seats
    this.#show(seats)
    this.#etag = response.headers.get('etag') ?? ''
  }
}
