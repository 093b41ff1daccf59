import { Moment } from './clock.js'
import { Contender, type ContenderTerms } from './contender.js'
import { LeaseError } from './errors.js'
import type { LineItem } from './item.js'
import type { AcquireOptions, Lease } from './lease.js'
import type { Line } from './line.js'
import type { PlaceStore } from './line-store.js'
import { checkTimeout, checkTtl, checkWho } from './options.js'
import { GaveUp, Patience } from './patience.js'
import type { Place } from './place.js'

/** How many request timeouts a renew or release waits for its answer. */
const PATIENT_REQUESTS = 2

/** Checks what the caller asks for. @throws LeaseError `CONFIGURATION` */
export function termsOf(line: Line<PlaceStore>, key: string, options: AcquireOptions): ContenderTerms {
  const { settings } = line
  const ttlMs = options.ttlMs === undefined ? settings.ttlMs : checkTtl(options.ttlMs, settings)
  const timeoutMs = checkTimeout(options.timeoutMs ?? settings.timeoutMs)
  const who = checkWho(options.who ?? '') || settings.who
  const { onWait } = options
  const patience = new Patience(settings.clock, timeoutMs, options.signal)
  return { key, who, ttlMs, patience, ...(onWait && { onWait }) }
}

/** Waits in line, and holds the lease from then on. @throws LeaseError */
export async function acquireLease(line: Line, terms: ContenderTerms): Promise<Lease> {
  const { place, waiting } = await new Contender(line, terms).acquire()
  const again = (next: ContenderTerms) => acquireLease(line, next)
  return new HeldLease(line, place, { who: terms.who, waiting, again })
}

/** How a holder came to its place. */
export interface Holding {
  who: string
  /** How many wait behind it. */
  waiting: number
  /** Acquires anew, in place of the entry that the terms name where a yield gives one up. */
  again: (terms: ContenderTerms) => Promise<Lease>
}

/** The holder's side: renews in the background, and knows by its own clocks when the lease is over. */
export class HeldLease implements Lease {
  readonly key: string
  readonly token: number
  readonly ttlMs: number
  readonly #line: Line<PlaceStore>
  readonly #place: Place
  readonly #who: string
  readonly #again: Holding['again']
  readonly #lost = new AbortController()
  readonly #since: Moment
  #state: 'held' | 'lost' | 'released' = 'held'
  /** Its entry was seen to be out of the line. */
  #isGone = false
  #waiting: number
  #renewing: Promise<void> | undefined
  #leaving: Promise<void> | undefined
  #cancelTimer = () => {}

  constructor(line: Line<PlaceStore>, place: Place, { who, waiting, again }: Holding) {
    this.#line = line
    this.#place = place
    this.#who = who
    this.#again = again
    this.#waiting = waiting
    this.#since = new Moment(line.settings.clock)
    this.key = place.key
    this.token = place.ticket
    this.ttlMs = place.ttlMs
    this.#scheduleRenewal(0)
  }

  get signal(): AbortSignal {
    return this.#lost.signal
  }

  get waiting(): number {
    return this.#waiting
  }

  remainingMs(): number {
    return this.#state === 'held' ? this.#place.grant.remainingMs() : 0
  }

  async renew(): Promise<void> {
    this.#throwIfOver()
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined
      this.#scheduleRenewal(this.#line.settings.requestTimeoutMs / 4)
    })
    await this.#renewing
  }

  async yield(options: AcquireOptions = {}): Promise<Lease> {
    const terms = termsOf(this.#line, this.key, { ttlMs: this.ttlMs, who: this.#who, ...options })
    if (this.#state !== 'held') {
      this.release().catch(() => {
        // It is tried again in the background.
      })
      return this.#again(terms)
    }
    this.#end('released')
    this.#line.emit({ type: 'yielded', ...this.#itself(), waiting: this.#waiting })
    return this.#again({ ...terms, from: { id: this.#place.id, ticket: this.#place.ticket } })
  }

  async release(): Promise<void> {
    if (this.#state === 'held') {
      this.#end('released')
      this.#leaving = this.#leave()
      this.#line.emit({ type: 'released', ...this.#itself() })
    }
    // A lost place is left here and not at its loss: a COMMIT may be under way still, and its owner knows when it is over.
    if (this.#state === 'lost' && !this.#isGone) this.#leaving ??= this.#leave()
    const leaving = this.#state === 'lost' ? this.#leaving?.catch(() => {}) : this.#leaving
    // A renewal that is under way is waited for too: nothing is left behind for a Lambda to freeze.
    await Promise.all([leaving, this.#renewing?.catch(() => {})])
  }

  /** Like {@link release}, but throws nothing: that would hide what the block itself threw. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release().catch(() => {})
  }

  #throwIfOver(): void {
    if (this.#state === 'lost') throw this.#lost.signal.reason as LeaseError
    if (this.#state === 'released') {
      throw new LeaseError('LEASE_LOST', `The lease on ${this.key} was released already.`, { key: this.key })
    }
  }

  async #renew(): Promise<void> {
    const patience = this.#patience(Math.min(this.#patientMs(), this.remainingMs()))
    let failure: unknown
    try {
      const item = await this.#line.persist(patience, () => this.#place.renew(this.ttlMs))
      if (this.#state === 'held') this.#renewed(item)
    } catch (error) {
      failure = error
    }
    if (this.#state === 'held' && this.remainingMs() <= 0) this.#runOut(failure)
    if (this.#state === 'held' && failure instanceof LeaseError && failure.code === 'CLOCK_SKEW') {
      this.#lose(failure.message, failure)
    }
    this.#throwIfOver()
    if (failure) throw failure instanceof GaveUp ? this.#unanswered('renew', failure) : failure
  }

  #renewed(item: LineItem | undefined): void {
    if (!item || !this.#place.isIn(item)) {
      this.#isGone = true
      this.#lose('its entry is gone from the line: it ran out by the clock of a contender who swept it, or was deleted')
      return
    }
    const { ahead, behind } = this.#place.within(item)
    // Tickets only grow, so nobody gets ahead of a holder in an item that lives (model/README.md).
    if (ahead > 0) return this.#lose('others are ahead of it: the item was deleted, and made anew')
    this.#waiting = behind
    this.#line.emit({ type: 'renewed', key: this.key, token: this.token })
  }

  /** Due when half of the lease is left; at once where it began with less. */
  #scheduleRenewal(atLeastMs: number): void {
    this.#cancelTimer()
    if (this.#state !== 'held') return
    const dueMs = this.remainingMs() - this.ttlMs / 2
    const renew = () => {
      this.renew().catch(() => {
        // A loss is told by the signal; whatever else it was, the next try is scheduled.
      })
    }
    if (dueMs <= 0 && atLeastMs === 0) renew()
    else this.#cancelTimer = this.#line.settings.clock.after(Math.max(dueMs, atLeastMs), renew, { background: true })
  }

  #runOut(cause?: unknown): void {
    const { grant } = this.#place
    const frozenMs = Math.round(grant.frozenMs())
    const why =
      frozenMs > 100
        ? `the process was frozen for ${frozenMs} ms, or its clock was set`
        : 'DynamoDB did not answer, or a statement blocked this thread for longer than the lease (raise ttlMs)'
    this.#lose(`it was not renewed for ${Math.round(grant.elapsedMs())} of its ${this.ttlMs} ms: ${why}`, cause)
  }

  #lose(why: string, cause?: unknown): void {
    this.#end('lost')
    const message = `The lease on ${this.key} (token ${this.token}) is lost: ${why}. Nothing may be written under it.`
    const error = new LeaseError('LEASE_LOST', message, { key: this.key }, { cause })
    this.#line.emit({ type: 'lost', ...this.#itself(), error })
    this.#lost.abort(error)
  }

  #itself() {
    return { key: this.key, token: this.token, heldMs: this.#since.elapsedMs() }
  }

  #end(state: 'lost' | 'released'): void {
    this.#state = state
    this.#cancelTimer()
  }

  async #leave(): Promise<void> {
    try {
      await this.#patience(this.#patientMs()).bound(this.#place.leave())
    } catch (error) {
      throw error instanceof GaveUp ? this.#unanswered('release', error) : error
    }
  }

  #patience(ms: number): Patience {
    return new Patience(this.#line.settings.clock, ms)
  }

  #patientMs(): number {
    return PATIENT_REQUESTS * this.#line.settings.requestTimeoutMs
  }

  #unanswered(what: 'renew' | 'release', cause: unknown): LeaseError {
    const message = `No answer in time to the ${what} of the lease on ${this.key}; it is tried again in the background.`
    return new LeaseError('UNREACHABLE', message, { key: this.key }, { cause })
  }
}
