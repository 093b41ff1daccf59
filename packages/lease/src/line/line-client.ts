import { LeaseError } from '../contract/errors.js'
import type { LeaseEvent } from '../contract/events.js'
import type { LeaserSettings } from '../contract/options.js'
import { Moment, sleep } from '../time/clock.js'
import { provenSkewMs } from '../time/clock-skew.js'
import { type Deadline, GaveUp } from './deadline.js'
import { HeadWatch } from './head-watch.js'
import type { LineItem } from './line-item.js'
import { type LineAnswer, type LineStore, type PlaceStore, StoreFailure } from './line-store.js'

const FIRST_BACKOFF_MS = 20
const MAX_BACKOFF_MS = 1000

/** An entry that is to be taken out of the line. */
export interface Leaving {
  id: string
  /** Unknown after a join that was never answered. */
  ticket?: number | undefined
  /** The latest time that any request for this entry, answered or not, may have written. */
  aliveUntilMs: number
}

/** How requests to the store are made: with the clock compared, and repeated where that is safe. */
export class LineClient<Store extends PlaceStore = LineStore> {
  readonly store: Store
  readonly settings: LeaserSettings
  /** The keys in whose line others were seen, beside the one who asked. */
  readonly crowded = new Set<string>()
  readonly heads: HeadWatch

  constructor(store: Store, settings: LeaserSettings) {
    this.store = store
    this.settings = settings
    this.heads = new HeadWatch(settings)
  }

  emit(event: LeaseEvent): void {
    try {
      this.settings.onEvent(event)
    } catch {
      // A listener's failure must not cost anybody the lease.
    }
  }

  /**
   * One attempt.
   *
   * @throws StoreFailure where trying again may help, else LeaseError
   */
  async ask(request: () => Promise<LineAnswer>): Promise<LineAnswer> {
    const sentWallMs = this.settings.clock.wallMs()
    try {
      const answer = await request()
      this.#checkClock(answer.dateMs, sentWallMs)
      return answer
    } catch (failure) {
      if (!(failure instanceof StoreFailure)) throw failure
      // First of all: a clock that is far off is also refused as an invalid signature.
      this.#checkClock(failure.dateMs, sentWallMs)
      throw failure.kind === 'refused' ? failure.error : failure
    }
  }

  /** The item, for sure: what is not in it has not been written, or is gone. */
  async lookConsistently(key: string): Promise<LineItem> {
    const answer = await this.ask(() => this.store.look(key, { consistent: true }))
    return answer.item ?? { ticket: 0, contenders: [] }
  }

  /**
   * Attempts again, with growing pauses, until it works or patience ends. Tells listeners once that answers stay away.
   *
   * @throws GaveUp, or LeaseError `UNREACHABLE` once there has been no answer for a whole ttl
   */
  async persist<T>(key: string, deadline: Deadline, attempt: () => Promise<T>): Promise<T> {
    let failure: StoreFailure | undefined
    const since = new Moment(this.settings.clock)
    for (let tries = 0; ; tries++) {
      try {
        deadline.check()
        const result = await deadline.bound(attempt())
        deadline.trouble = undefined
        return result
      } catch (error) {
        if (error instanceof GaveUp && error.why === 'timeout' && failure) throw failure.error
        if (!(error instanceof StoreFailure)) throw error
        failure = error
        if (!deadline.trouble) this.emit({ type: 'unanswered', key, waitedMs: deadline.waitedMs(), error: error.error })
        deadline.trouble = error.error
      }
      if (since.elapsedMs() > this.settings.ttlMs) throw failure.error
      try {
        await deadline.sleep(this.#backoffMs(tries))
      } catch (error) {
        throw error instanceof GaveUp && error.why === 'timeout' ? failure.error : error
      }
    }
  }

  /**
   * Takes an entry out of the line. Attempts again until the store acknowledges it, or until any waiter may sweep the entry
   * anyway. A pause between two attempts does not keep the process alive, and a repeated attempt ends when the leaser is closed.
   *
   * @throws LeaseError if trying again would not help
   */
  async leave(key: string, { id, ticket, aliveUntilMs }: Leaving): Promise<void> {
    const { clock, maxClockSkewMs } = this.settings
    const since = new Moment(clock)
    const isWorthItForMs = aliveUntilMs + maxClockSkewMs - since.wallMs
    for (let tries = 0; ; tries++) {
      try {
        await this.store.leave(key, id, ticket, { background: tries > 0 })
        return
      } catch (failure) {
        if (!(failure instanceof StoreFailure)) throw failure
        if (failure.kind === 'refused') throw failure.error
      }
      if (since.elapsedMs() > isWorthItForMs) return
      await sleep(clock, this.#backoffMs(tries), undefined, { background: true })
    }
  }

  /** Full jitter, but never nothing. */
  #backoffMs(tries: number): number {
    return Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** tries) * (0.1 + 0.9 * this.settings.random())
  }

  #checkClock(dateMs: number | undefined, sentWallMs: number): void {
    if (dateMs === undefined) return
    const { clock, maxClockSkewMs } = this.settings
    const skewMs = provenSkewMs(dateMs, sentWallMs, clock.wallMs())
    if (Math.abs(skewMs) <= maxClockSkewMs) return
    const off = `${Math.round(Math.abs(skewMs))} ms ${skewMs > 0 ? 'ahead of' : 'behind'}`
    throw new LeaseError(
      'CLOCK_SKEW',
      `This machine's wall clock is at least ${off} DynamoDB's, maxClockSkewMs is ${maxClockSkewMs}. ` +
        'A lease would not be safe: set the clock (NTP) and try again.',
    )
  }
}
