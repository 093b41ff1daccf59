import { LeaseError } from '../contract/errors.js'
import type { AcquireOptions, Lease, QueuedAcquireOptions } from '../contract/lease.js'
import { check, checkOwner, checkTtl, PATIENT_REQUESTS } from '../contract/options.js'
import { Moment } from '../time/clock.js'
import { Contender, type ContenderTerms } from './contender.js'
import { Deadline, GaveUp } from './deadline.js'
import type { LineClient } from './line-client.js'
import type { LineItem } from './line-item.js'
import type { PlaceStore } from './line-store.js'
import type { Place } from './place.js'

/** A timer that fires this much later than it should says that the thread was busy, or the process frozen. */
const LATE_MS = 100

/** Checks what the caller asks for. @throws LeaseError `CONFIGURATION` */
export function termsOf(
  line: LineClient<PlaceStore>,
  key: string,
  options: AcquireOptions | QueuedAcquireOptions,
): ContenderTerms {
  const { settings } = line
  const ttlMs = options.ttlMs === undefined ? settings.ttlMs : checkTtl(options.ttlMs, settings)
  const timeoutMs = check.milliseconds('timeoutMs', options.timeoutMs ?? settings.timeoutMs)
  const owner = checkOwner(options.owner ?? '') || settings.owner
  const { onWait } = options
  const deadline = new Deadline(
    settings.clock,
    'remainingMs' in options ? options.remainingMs : timeoutMs,
    options.signal,
  )
  return { key, owner, ttlMs, deadline, ...(onWait && { onWait }) }
}

/** Waits in line, and holds the lease from then on. @throws LeaseError */
export async function acquireLease(line: LineClient, terms: ContenderTerms): Promise<Lease> {
  const { place, waiting } = await new Contender(line, terms).acquire()
  const again = (next: ContenderTerms) => acquireLease(line, next)
  return HeldLease.of(line, place, { owner: terms.owner, waiting, again })
}

/** How a holder came to its place. */
export interface HeldLeaseOptions {
  owner: string
  /** How many wait behind it. */
  waiting: number
  /** Acquires anew, in place of the entry that the terms name where a yield gives one up. */
  again: (terms: ContenderTerms) => Promise<Lease>
  /**
   * Whether a lease whose time has run out is lost, also if the entry is still there. For a protocol in which an entry that was
   * taken out could come back under the same name and ticket.
   *
   * @default false
   */
  expiryIsFinal?: boolean
}

/**
 * The holder's side: renews in the background, and knows by its own clocks when the lease is over.
 *
 * A holder whose time has run out asks before it gives up. Its entry can leave the line only by a sweep, and never comes back under
 * its ticket: if the renewal is accepted, the entry was the first in the line all the time, and no other process has held the lease.
 * Until the answer is there, nothing is left of the lease: {@link remainingMs} is 0.
 */
export class HeldLease implements Lease {
  readonly key: string
  readonly token: number
  readonly ttlMs: number
  readonly #line: LineClient<PlaceStore>
  readonly #place: Place
  readonly #owner: string
  readonly #again: HeldLeaseOptions['again']
  readonly #expiryIsFinal: boolean
  readonly #lost = new AbortController()
  readonly #since: Moment
  #state: 'held' | 'lost' | 'released' = 'held'
  /** Its entry was seen to be out of the line. */
  #isGone = false
  #waiting: number
  #renewing: Promise<void> | undefined
  #leaving: Promise<void> | undefined
  #cancelTimer = () => {}
  /** When the next renewal was planned, and how much later it was to be sent. */
  #planned: { since: Moment; inMs: number }
  /** How much later than planned the last renewal was sent. */
  #lateMs = 0
  /** For how long an answer was waited for in vain since the last renewal that was accepted. */
  #unansweredMs = 0

  constructor(
    line: LineClient<PlaceStore>,
    place: Place,
    { owner, waiting, again, expiryIsFinal = false }: HeldLeaseOptions,
  ) {
    this.#line = line
    this.#place = place
    this.#owner = owner
    this.#again = again
    this.#expiryIsFinal = expiryIsFinal
    this.#waiting = waiting
    this.#since = new Moment(line.settings.clock)
    this.#planned = { since: this.#since, inMs: 0 }
    this.key = place.key
    this.token = place.ticket
    this.ttlMs = place.ttlMs
    this.#scheduleRenewal(0)
  }

  /** A lease, or nothing: a holder that can't be made, for want of a timer perhaps, leaves no entry behind. */
  static of(line: LineClient<PlaceStore>, place: Place, holding: HeldLeaseOptions): HeldLease {
    try {
      return new HeldLease(line, place, holding)
    } catch (error) {
      place.leave().catch(() => {
        // It ends with its time.
      })
      throw error
    }
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

  async yield(options: AcquireOptions | QueuedAcquireOptions = {}): Promise<Lease> {
    const terms = termsOf(this.#line, this.key, { ttlMs: this.ttlMs, owner: this.#owner, ...options })
    if (this.#state !== 'held') {
      this.release().catch(() => {
        // It is tried again in the background.
      })
      return this.#again(terms)
    }
    this.#end('released')
    this.#line.emit({ type: 'yielded', ...this.#itself(), waiting: this.#waiting })
    return this.#again({ ...terms, from: this.#place.leaving })
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
    const { since, inMs } = this.#planned
    this.#lateMs = Math.max(0, since.elapsedMs() - inMs)
    let failure = await this.#ask()
    // No answer, or an answer that was read too late: the thread was busy meanwhile, or the process frozen.
    while (this.#state === 'held' && this.remainingMs() <= 0 && this.#mayAskAgain()) failure = await this.#ask()
    if (this.#state === 'held' && this.remainingMs() <= 0) this.#runOut(failure)
    if (this.#state === 'held' && failure instanceof LeaseError && failure.code === 'CLOCK_SKEW') {
      this.#lose(failure.message, failure)
    }
    this.#throwIfOver()
    if (failure) throw failure instanceof GaveUp ? this.#unanswered('renew', failure) : failure
  }

  /** Asks once for a whole lease, and returns what failed. */
  async #ask(): Promise<unknown> {
    const leftMs = this.remainingMs()
    if (leftMs <= 0 && !this.#mayAskAgain()) return undefined
    const patientMs = this.#patientMs()
    const waitMs = leftMs > 0 ? Math.min(patientMs, leftMs) : patientMs - this.#unansweredMs
    const sent = new Moment(this.#line.settings.clock)
    try {
      const item = await this.#line.persist(this.key, this.#deadline(waitMs), () => this.#place.renew(this.ttlMs))
      this.#unansweredMs = 0
      if (this.#state === 'held') this.#renewed(item)
      return undefined
    } catch (error) {
      this.#unansweredMs += countedWaitMs(sent.elapsedMs(), waitMs)
      return error
    }
  }

  /** Once it has run out: not where an answer was waited for already, with the thread free to read it. */
  #mayAskAgain(): boolean {
    return !this.#expiryIsFinal && this.#unansweredMs < this.#line.settings.requestTimeoutMs
  }

  #renewed(item: LineItem | undefined): void {
    if (!item || !this.#place.isIn(item)) {
      this.#isGone = true
      const late = this.#whyLate()
      this.#lose(
        `its entry is gone from the line: it ran out by the clock of a contender who swept it, or was deleted${late && ` (${late})`}`,
      )
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
    const { clock } = this.#line.settings
    const inMs = Math.max(dueMs, atLeastMs)
    this.#planned = { since: new Moment(clock), inMs }
    if (inMs <= 0) renew()
    else this.#cancelTimer = clock.after(inMs, renew, { background: true })
  }

  #runOut(cause?: unknown): void {
    const elapsedMs = this.#place.grant.elapsedMs()
    const why = this.#whyLate() || 'no answer came in time'
    this.#lose(`it was not renewed for ${Math.round(elapsedMs)} of its ${this.ttlMs} ms: ${why}`, cause)
  }

  /** What kept the last renewal from being sent in time; empty where nothing did. */
  #whyLate(): string {
    if (this.#lateMs <= LATE_MS) return ''
    const frozenMs = Math.round(this.#place.grant.frozenMs())
    return frozenMs > LATE_MS
      ? `the process was frozen for ${frozenMs} ms, or its clock was set`
      : `this thread was busy, and sent the renewal ${Math.round(this.#lateMs)} ms too late: raise ttlMs, or let the event loop run more often`
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
      await this.#deadline(this.#patientMs()).bound(this.#place.leave())
    } catch (error) {
      throw error instanceof GaveUp ? this.#unanswered('release', error) : error
    }
  }

  #deadline(ms: number): Deadline {
    return new Deadline(this.#line.settings.clock, ms)
  }

  #patientMs(): number {
    return PATIENT_REQUESTS * this.#line.settings.requestTimeoutMs
  }

  #unanswered(what: 'renew' | 'release', cause: unknown): LeaseError {
    const message = `No answer in time to the ${what} of the lease on ${this.key}; it is tried again in the background.`
    return new LeaseError('UNREACHABLE', message, { key: this.key }, { cause })
  }
}

/**
 * How much of a wait in vain counts. One that ended before its time was refused, and would be again; one that ended long after its
 * time was interrupted: the answer may have been there, unread.
 */
function countedWaitMs(elapsedMs: number, waitMs: number): number {
  if (elapsedMs < waitMs) return Number.POSITIVE_INFINITY
  return elapsedMs > waitMs + LATE_MS ? 0 : elapsedMs
}
