import { LeaseError } from '../contract/errors.js'
import { Moment } from '../time/clock.js'
import { aliveUntil, Grant } from '../time/grant.js'
import { nonce } from '../time/random.js'
import type { LineClient } from './line-client.js'
import type { LineItem } from './line-item.js'
import { type LineAnswer, StoreFailure } from './line-store.js'
import { Place } from './place.js'

/**
 * Of a whole lease: a holder with more than half of it may commit. Who joins with that much, and a little time for what it writes,
 * needs no renewal where nobody was before it.
 */
const SHARE_TO_HOLD = 0.6

/** A place that is given up for a new one, in one request. */
export interface From {
  id: string
  ticket: number
  aliveUntilMs: number
}

export interface JoinRequestTerms {
  key: string
  owner: string
  ttlMs: number
  /** What the caller would wait for at the most. */
  patienceMs: number
  from: From | undefined
}

/**
 * One entry on its way into the line: a single nonce, however often the request has to be repeated. Everything counts
 * from the first try, which may be the one that was applied.
 */
export class JoinRequest {
  readonly #line: LineClient
  readonly #terms: JoinRequestTerms
  readonly #id: string
  readonly #sent: Moment
  readonly #aliveUntilMs: number
  #unsettled = false
  #withdrawn = false
  #pending: Promise<unknown> = Promise.resolve()
  place: Place | undefined

  constructor(line: LineClient, terms: JoinRequestTerms) {
    const { clock, random } = line.settings
    this.#line = line
    this.#terms = terms
    this.#id = nonce(random)
    this.#sent = new Moment(clock)
    const { key, ttlMs, patienceMs } = terms
    // Where others are, a place that is left by a death should not stand for longer than it has to.
    const leastMs = line.crowded.has(key) ? 0 : ttlMs * SHARE_TO_HOLD
    this.#aliveUntilMs = aliveUntil(clock, Math.min(ttlMs, Math.max(patienceMs, leastMs)))
  }

  /**
   * One attempt. Nothing comes back when this entry will never be in the line, or is no longer: join with a new one.
   *
   * @throws StoreFailure or LeaseError
   */
  attempt(): Promise<LineItem | undefined> {
    const attempt = this.#attempt()
    this.#pending = attempt
    return attempt
  }

  async #attempt(): Promise<LineItem | undefined> {
    const { key } = this.#terms
    if (this.#unsettled) {
      const item = await this.#line.lookConsistently(key)
      if (this.#settle(item)) return item
      if (this.#withdrawn) return undefined
    }
    const answer = await this.#send()
    if (answer.done) {
      const item = answer.item ?? (await this.#line.lookConsistently(key))
      return this.#settle(item) ? item : undefined
    }
    // Refused: an earlier try was applied after all, or the item is not ours to write.
    this.#unsettled = true
    const item = answer.item ?? (await this.#line.lookConsistently(key))
    if (item.foreignLockId !== undefined) throw foreignProtocol(key, item.foreignLockId)
    return this.#settle(item) ? item : undefined
  }

  async #send(): Promise<LineAnswer> {
    const { key, owner, ttlMs, from } = this.#terms
    const entry = { id: this.#id, owner, aliveUntilMs: this.#aliveUntilMs, ttlMs }
    const { store } = this.#line
    try {
      return await this.#line.ask(() => (from ? store.yield(key, from, entry) : store.join(key, entry)))
    } catch (error) {
      this.#unsettled ||= mayBeApplied(error)
      throw error
    }
  }

  #settle(item: LineItem): boolean {
    if (item.contenders.length > 1) this.#line.crowded.add(this.#terms.key)
    else this.#line.crowded.delete(this.#terms.key)
    const mine = item.contenders.find(({ id }) => id === this.#id)
    if (!mine) return false
    const grant = new Grant(this.#sent, this.#aliveUntilMs, this.#terms.ttlMs)
    const { key, ttlMs } = this.#terms
    this.place = new Place(this.#line, key, { id: this.#id, ticket: mine.ticket, grant, ttlMs })
    return true
  }

  /** Leaves nothing behind, wherever the join has come to. */
  async withdraw(): Promise<void> {
    const { key, from } = this.#terms
    this.#withdrawn = true
    await this.#pending.catch(() => {})
    // The old entry first: without it a yield that is still under way is refused.
    if (from && !this.place) await this.#line.leave(key, from)
    if (this.place) await this.place.leave()
    else if (this.#unsettled) await this.#line.leave(key, { id: this.#id, aliveUntilMs: this.#aliveUntilMs })
  }
}

/** Whether a request that brought no usable answer may have been applied all the same, or may yet be. */
export function mayBeApplied(error: unknown): boolean {
  if (error instanceof StoreFailure) return error.kind === 'ambiguous'
  return error instanceof LeaseError && error.code === 'CLOCK_SKEW'
}

export function foreignProtocol(key: string, lockId: string): LeaseError {
  return new LeaseError(
    'FOREIGN_PROTOCOL',
    `The item ${key} carries a lock_id (${lockId}): django-sqlite-efs' protocol uses this key, and two protocols ` +
      'on one file exclude nobody. Use another table or key; or stop the other writers, and take out what a dead one ' +
      'left with `sqlite-efs release --protocol django-sqlite-efs`, or delete the item.',
    { key, holder: lockId },
  )
}
