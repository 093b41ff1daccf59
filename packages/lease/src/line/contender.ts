import { LeaseError } from '../contract/errors.js'
import { PollInterval } from '../time/poll-interval.js'
import { type Deadline, GaveUp } from './deadline.js'
import { type From, JoinRequest } from './join-request.js'
import type { LineClient } from './line-client.js'
import type { LineItem } from './line-item.js'
import type { Place } from './place.js'
import { explainWithoutHolder, part, tellGivenUp } from './wait-errors.js'

export interface ContenderTerms {
  key: string
  owner: string
  ttlMs: number
  deadline: Deadline
  /** The place that a yield gives up. */
  from?: From
  onWait?: (why: () => LeaseError) => void
}

/** The head of the line, and how many stand behind it. */
export interface Turn {
  place: Place
  waiting: number
}

/** One acquisition: in at the end of the line, forward, and out of it as the holder or not at all. */
export class Contender {
  readonly #line: LineClient
  readonly #terms: ContenderTerms
  readonly #pace: PollInterval
  #joining: JoinRequest | undefined
  #from: From | undefined
  #seen: LineItem | undefined
  #position: number | undefined

  constructor(line: LineClient, terms: ContenderTerms) {
    this.#line = line
    this.#terms = terms
    this.#from = terms.from
    this.#pace = new PollInterval(line.settings.clock, line.settings.random)
    terms.onWait?.(() => terms.deadline.trouble ?? this.#explain(new GaveUp('timeout')))
  }

  /** @throws LeaseError as documented for Leaser.acquire */
  async acquire(): Promise<Turn> {
    try {
      for (;;) {
        const place = await this.#join()
        if (place && (await this.#waitForTurn(place))) return this.#take(place)
        // Swept, or lifted out with the item: a lost place is final, so begin again at the end.
      }
    } catch (error) {
      await part(this.#line.settings.clock, this.#leave())
      throw tellGivenUp(this.#line, this.#terms, error instanceof GaveUp ? this.#explain(error) : error)
    }
  }

  async #join(): Promise<Place | undefined> {
    const { key, owner, ttlMs, deadline } = this.#terms
    deadline.check()
    const joining = new JoinRequest(this.#line, {
      key,
      owner,
      ttlMs,
      patienceMs: deadline.remainingMs(),
      from: this.#from,
    })
    this.#joining = joining
    this.#seen = await this.#line.persist(key, deadline, () => joining.attempt())
    this.#from = undefined
    return joining.place
  }

  /** True: `place` is the head of the line. False: it is gone. */
  async #waitForTurn(place: Place): Promise<boolean> {
    const { deadline, ttlMs } = this.#terms
    for (;;) {
      deadline.check()
      const seen = this.#seen
      if (!seen || !place.isIn(seen)) return false
      const { ahead } = place.within(seen)
      const remainingMs = place.grant.remainingMs()
      const isEnoughToHold = remainingMs > place.grant.grantedMs / 2
      // What is seen may be stale, but the lowest stays the lowest until it may be swept.
      if (ahead === 0 && isEnoughToHold) return true
      if (ahead === 0) {
        this.#seen = await this.#renew(place, ttlMs)
      } else if (await this.#sweepHead(seen)) {
        // The answer showed the line as it is now.
      } else if (ahead === 1 && !isEnoughToHold) {
        // Now, while somebody else holds it, and not when everybody waits for it.
        this.#seen = await this.#renew(place, ttlMs)
      } else if (this.#renewalIsDue(place, remainingMs)) {
        this.#seen = await this.#renew(place, Math.min(ttlMs, deadline.remainingMs()))
      } else {
        this.#tellPosition(ahead, seen)
        const untilRenewalMs = Math.max(1, remainingMs - place.grant.grantedMs / 2)
        const pauseMs = this.#pace.pauseMs(ahead)
        await deadline.sleep(this.#renewalWouldHelp(place) ? Math.min(pauseMs, untilRenewalMs) : pauseMs)
        this.#seen = await this.#look(place)
      }
    }
  }

  #renewalIsDue(place: Place, remainingMs: number): boolean {
    return remainingMs < place.grant.grantedMs / 2 && this.#renewalWouldHelp(place)
  }

  /** Not where the deadline is what limits it already. */
  #renewalWouldHelp(place: Place): boolean {
    const { deadline, ttlMs } = this.#terms
    const wouldBeMs = this.#line.settings.clock.wallMs() + Math.min(ttlMs, deadline.remainingMs())
    return wouldBeMs > place.grant.aliveUntilMs + 1
  }

  #renew(place: Place, ms: number): Promise<LineItem | undefined> {
    const { key, deadline } = this.#terms
    return this.#line.persist(key, deadline, () => place.renew(ms))
  }

  async #look(place: Place): Promise<LineItem> {
    const { key, deadline } = this.#terms
    return this.#line.persist(key, deadline, async () => {
      const options = { consistent: false, ...(deadline.signal && { signal: deadline.signal }) }
      const { item } = await this.#line.ask(() => this.#line.store.look(key, options))
      // That I am not in it proves nothing yet: it may be older than my join.
      return item && place.isIn(item) ? item : this.#line.lookConsistently(key)
    })
  }

  /** Only ever the head: whoever stands behind it may have renewed since this was seen, and is nobody's obstacle. */
  async #sweepHead(seen: LineItem): Promise<boolean> {
    const head = seen.contenders[0]
    const { key, deadline } = this.#terms
    if (!head || !this.#line.heads.isDead(key, head)) return false
    return this.#line.persist(key, deadline, async () => {
      const atMs = Math.floor(this.#line.settings.clock.wallMs())
      const answer = await this.#line.ask(() => this.#line.store.sweep(key, head, atMs))
      this.#seen = (answer.done && answer.item) || (await this.#line.lookConsistently(key))
      if (answer.done) this.#line.emit({ type: 'swept', key, ticket: head.ticket, owner: head.owner })
      return answer.done
    })
  }

  #take(place: Place): Turn {
    const { deadline, key } = this.#terms
    this.#line.heads.forget(key)
    const waiting = this.#seen ? place.within(this.#seen).behind : 0
    this.#line.emit({ type: 'acquired', key, token: place.ticket, waitedMs: deadline.waitedMs(), waiting })
    return { place, waiting }
  }

  #tellPosition(ahead: number, seen: LineItem): void {
    if (this.#position === ahead) return
    this.#position = ahead
    const { key } = this.#terms
    this.#line.emit({ type: 'waiting', key, position: ahead, holder: seen.contenders[0]?.owner ?? '' })
  }

  async #leave(): Promise<void> {
    if (this.#joining) await this.#joining.withdraw()
    else if (this.#from) await this.#line.leave(this.#terms.key, this.#from)
  }

  #explain(gaveUp: GaveUp): LeaseError {
    const { key, deadline } = this.#terms
    const waitedMs = Math.round(deadline.waitedMs())
    const { tableName } = this.#line.store
    const where = { key, waitedMs, ...(tableName !== undefined && { tableName }) }
    const seen = this.#seen
    const head = seen?.contenders[0]
    const place = this.#joining?.place
    if (gaveUp.why === 'aborted' || !seen || !place || !head) {
      return explainWithoutHolder({
        gaveUp,
        where,
        waitedMs: deadline.waitedMs(),
        requestTimeoutMs: this.#line.settings.requestTimeoutMs,
        wasAsked: this.#joining !== undefined,
      })
    }
    const position = place.within(seen).ahead
    const { swept } = seen
    const heldSinceMs = this.#line.heads.seen(key, head)?.sinceMs
    const aliveUntilMs = this.#line.heads.presumedAliveUntilMs(key, head)
    const since = heldSinceMs === undefined ? '' : `, seen there since ${new Date(heldSinceMs).toISOString()}`
    return new LeaseError(
      'LEASE_TIMEOUT',
      `The lease on ${key} was not acquired within ${waitedMs} ms: ${head.owner} holds it${since}, and ${position} stood in ` +
        `line before this caller. If the holder is dead, it is replaced at ${new Date(aliveUntilMs).toISOString()}. ` +
        'Wait longer (timeoutMs), or hold the lease for shorter.',
      {
        ...where,
        holder: head.owner,
        position,
        aliveUntilMs,
        ...(heldSinceMs !== undefined && { heldSinceMs }),
        ...(swept && { swept }),
      },
    )
  }
}
