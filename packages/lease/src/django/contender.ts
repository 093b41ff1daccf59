import { LeaseError } from '../contract/errors.js'
import type { Contender as Seen } from '../contract/lease.js'
import type { ContenderTerms } from '../line/contender.js'
import { GaveUp } from '../line/deadline.js'
import { mayBeApplied } from '../line/join-request.js'
import type { LineClient } from '../line/line-client.js'
import type { LineItem } from '../line/line-item.js'
import { Place } from '../line/place.js'
import { explainWithoutHolder, part, tellGivenUp } from '../line/wait-errors.js'
import { Moment } from '../time/clock.js'
import { aliveUntil, Grant } from '../time/grant.js'
import { lockIdOf } from './lock-item.js'
import type { DjangoLockStore, GrabAnswer } from './lock-store.js'
import type { DjangoTokens } from './tokens.js'

const FIRST_BACKOFF_MS = 25
const MAX_BACKOFF_MS = 500

/** What a {@link DjangoContender} works with. */
export interface DjangoContest {
  line: LineClient<DjangoLockStore>
  tokens: DjangoTokens
  maxAttempts: number
}

/** One lock that is asked for, as long as a request for it may be under way. */
interface Bid {
  id: string
  token: number
  /** Before its first request was sent. */
  since: Moment
  /** The latest of all its requests. */
  aliveUntilMs: number
  /** A request was not answered: it may have been applied, or may yet be. */
  isUnsettled: boolean
}

/** One acquisition by django-sqlite-efs' protocol: attempts, until one finds the lock free. */
export class DjangoContender {
  readonly #contest: DjangoContest
  readonly #terms: ContenderTerms
  /** What a yield gives up. */
  #from: ContenderTerms['from']
  #bid: Bid | undefined
  #place: Place | undefined
  #pending: Promise<unknown> = Promise.resolve()
  #attempts = 0
  #isOver = false
  #holder: { seen: Seen; sinceMs: number } | undefined

  constructor(contest: DjangoContest, terms: ContenderTerms) {
    this.#contest = contest
    this.#terms = terms
    this.#from = terms.from
    terms.onWait?.(() => terms.deadline.trouble ?? this.#explain(new GaveUp('timeout')))
  }

  /** @throws LeaseError as documented for Leaser.acquire */
  async acquire(): Promise<Place> {
    const { line, maxAttempts } = this.#contest
    const { deadline } = this.#terms
    try {
      deadline.check()
      if (this.#from) {
        await deadline.bound(this.#leaveOld())
        // Nobody is next in this protocol: who has just had the lock would always be the first to ask.
        await deadline.sleep(this.#backoffMs(1))
      }
      for (;;) {
        deadline.check()
        this.#attempts++
        const place = await line.persist(this.#terms.key, deadline, () => this.#attempt())
        if (place && (await this.#isWorthIt(place))) return this.#take(place)
        if (this.#attempts >= maxAttempts) throw new GaveUp('timeout')
        await deadline.sleep(this.#backoffMs(this.#attempts))
      }
    } catch (error) {
      this.#isOver = true
      await part(line.settings.clock, this.#leave())
      throw tellGivenUp(line, this.#terms, error instanceof GaveUp ? this.#explain(error) : error)
    }
  }

  #attempt(): Promise<Place | undefined> {
    const attempt = this.#ask()
    this.#pending = attempt
    return attempt
  }

  /** One attempt. Nothing comes back where somebody else has the lock. */
  async #ask(): Promise<Place | undefined> {
    const { line } = this.#contest
    const { key, ttlMs } = this.#terms
    const bid = (this.#bid ??= this.#newBid())
    if (bid.isUnsettled) {
      const place = this.#find(bid, await line.lookConsistently(key))
      if (place || this.#isOver) return place
    }
    const sent = new Moment(line.settings.clock)
    const aliveUntilMs = aliveUntil(line.settings.clock, ttlMs)
    bid.aliveUntilMs = Math.max(bid.aliveUntilMs, aliveUntilMs)
    const answer = await this.#send(bid, aliveUntilMs)
    if (answer.done) {
      const { replaced } = answer
      if (replaced) line.emit({ type: 'swept', key, ticket: replaced.ticket, owner: replaced.owner })
      return this.#have(bid, new Grant(sent, aliveUntilMs, ttlMs))
    }
    const item = answer.item ?? (await line.lookConsistently(key))
    const place = this.#find(bid, item)
    if (place) return place
    this.#note(item.contenders[0])
    // A token is as new as the request that brings it. But what may yet be applied must be known again.
    if (!bid.isUnsettled) this.#bid = undefined
    return undefined
  }

  #newBid(): Bid {
    const { tokens, line } = this.#contest
    const { clock, random } = line.settings
    const token = tokens.next(this.#terms.key)
    return { id: lockIdOf(token, random), token, since: new Moment(clock), aliveUntilMs: 0, isUnsettled: false }
  }

  async #send(bid: Bid, aliveUntilMs: number): Promise<GrabAnswer> {
    const { line } = this.#contest
    const { clock, maxClockSkewMs } = line.settings
    const entry = { id: bid.id, owner: bid.id, aliveUntilMs }
    try {
      return await line.ask(() => line.store.grab(this.#terms.key, entry, clock.wallMs() - maxClockSkewMs))
    } catch (error) {
      bid.isUnsettled ||= mayBeApplied(error)
      throw error
    }
  }

  /** An earlier request was applied: all counts from the first one. */
  #find(bid: Bid, item: LineItem): Place | undefined {
    const mine = item.contenders.find(({ id }) => id === bid.id)
    return mine && this.#have(bid, new Grant(bid.since, mine.aliveUntilMs, this.#terms.ttlMs))
  }

  #have({ id, token }: Bid, grant: Grant): Place {
    const { key, ttlMs } = this.#terms
    this.#place = new Place(this.#contest.line, key, { id, ticket: token, grant, ttlMs })
    return this.#place
  }

  /** False: lost again, or given back since somebody else in this process has had a token as high meanwhile. */
  async #isWorthIt(place: Place): Promise<boolean> {
    const { line, tokens } = this.#contest
    const { key, ttlMs, deadline } = this.#terms
    const isWhole =
      place.grant.remainingMs() > ttlMs / 2 ||
      (await line.persist(key, deadline, () => place.renew(ttlMs))) !== undefined
    if (isWhole && tokens.take(key, place.ticket)) return true
    if (isWhole) await deadline.bound(place.leave())
    this.#place = undefined
    this.#bid = undefined
    return false
  }

  #take(place: Place): Place {
    const { key, deadline } = this.#terms
    this.#contest.line.emit({
      type: 'acquired',
      key,
      token: place.ticket,
      waitedMs: deadline.waitedMs(),
      waiting: 0,
    })
    return place
  }

  #note(seen: Seen | undefined): void {
    if (!seen) return
    const isNew = this.#holder?.seen.id !== seen.id
    this.#holder = {
      seen,
      sinceMs: isNew ? this.#contest.line.settings.clock.wallMs() : (this.#holder?.sinceMs ?? 0),
    }
    if (isNew) this.#contest.line.emit({ type: 'waiting', key: this.#terms.key, position: 1, holder: seen.owner })
  }

  /** Full jitter, but never nothing. */
  #backoffMs(attempts: number): number {
    const ceilingMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(attempts, 10))
    return Math.max(1, ceilingMs * this.#contest.line.settings.random())
  }

  /** Leaves nothing behind, wherever the last attempt has come to. */
  async #leave(): Promise<void> {
    await this.#leaveOld()
    await this.#pending.catch(() => {})
    if (this.#place) await this.#place.leave()
    else if (this.#bid?.isUnsettled) await this.#contest.line.leave(this.#terms.key, this.#bid)
  }

  async #leaveOld(): Promise<void> {
    if (!this.#from) return
    await this.#contest.line.leave(this.#terms.key, this.#from)
    this.#from = undefined
  }

  #explain(gaveUp: GaveUp): LeaseError {
    const { key, deadline } = this.#terms
    const waitedMs = Math.round(deadline.waitedMs())
    const { tableName } = this.#contest.line.store
    const where = { key, waitedMs, tableName }
    if (gaveUp.why === 'aborted' || !this.#holder) {
      return explainWithoutHolder({
        gaveUp,
        where,
        waitedMs: deadline.waitedMs(),
        requestTimeoutMs: this.#contest.line.settings.requestTimeoutMs,
        wasAsked: this.#attempts > 0,
      })
    }
    const { seen, sinceMs } = this.#holder
    const aliveUntilMs = seen.aliveUntilMs + 2 * this.#contest.line.settings.maxClockSkewMs
    const isOut = this.#attempts >= this.#contest.maxAttempts
    const wayOut = isOut ? 'Allow more attempts (maxAttempts)' : 'Wait longer (timeoutMs)'
    return new LeaseError(
      'LEASE_TIMEOUT',
      `The lease on ${key} was not acquired in ${this.#attempts} attempts within ${waitedMs} ms: lock_id ${seen.owner} holds ` +
        `it, seen there since ${new Date(sinceMs).toISOString()}. If the holder is dead, it is replaced at ` +
        `${new Date(aliveUntilMs).toISOString()}. ${wayOut}, or hold the lease for shorter.`,
      { ...where, holder: seen.owner, heldSinceMs: sinceMs, aliveUntilMs, ...(isOut && { attempts: this.#attempts }) },
    )
  }
}
