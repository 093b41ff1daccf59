import { Moment } from '../time/clock.js'
import { aliveUntil, Grant } from '../time/grant.js'
import type { LineClient } from './line-client.js'
import type { LineItem } from './line-item.js'
import type { PlaceStore } from './line-store.js'

/** One entry in the line, and what its owner knows of its worth. */
export class Place {
  readonly key: string
  readonly id: string
  readonly ticket: number
  readonly ttlMs: number
  readonly #line: LineClient<PlaceStore>
  #grant: Grant
  /** Whether it was acknowledged or not: a later renew that says less would be refused, and look like a loss. */
  #highestSentMs: number

  constructor(
    line: LineClient<PlaceStore>,
    key: string,
    entry: { id: string; ticket: number; grant: Grant; ttlMs: number },
  ) {
    this.#line = line
    this.key = key
    this.id = entry.id
    this.ticket = entry.ticket
    this.ttlMs = entry.ttlMs
    this.#grant = entry.grant
    this.#highestSentMs = entry.grant.aliveUntilMs
  }

  /** By the last acknowledged join or renew. */
  get grant(): Grant {
    return this.#grant
  }

  /**
   * Asks once for `ms` from now on. Nothing comes back when the entry is gone: the place is lost for good.
   *
   * @throws StoreFailure or LeaseError
   */
  async renew(ms: number): Promise<LineItem | undefined> {
    const { clock } = this.#line.settings
    const sent = new Moment(clock)
    // Later than any before, also by a clock that was set back: others take what does not change for a sign of death.
    const aliveUntilMs = Math.max(this.#highestSentMs + 1, aliveUntil(clock, ms))
    this.#highestSentMs = aliveUntilMs
    const answer = await this.#line.ask(() => this.#line.store.renew(this.key, this.id, this.ticket, aliveUntilMs))
    if (!answer.done) return undefined
    this.#grant = new Grant(sent, aliveUntilMs, this.ttlMs)
    return answer.item ?? (await this.#line.lookConsistently(this.key))
  }

  /** How many stand before this place, and how many behind. */
  within(item: LineItem): { ahead: number; behind: number } {
    const ahead = item.contenders.filter(({ ticket }) => ticket < this.ticket).length
    const behind = item.contenders.filter(({ ticket }) => ticket > this.ticket).length
    return { ahead, behind }
  }

  isIn(item: LineItem): boolean {
    return item.contenders.some(({ id, ticket }) => id === this.id && ticket === this.ticket)
  }

  /** What a leave has to know of it. */
  get leaving(): { id: string; ticket: number; aliveUntilMs: number } {
    return { id: this.id, ticket: this.ticket, aliveUntilMs: this.#highestSentMs }
  }

  leave(): Promise<void> {
    return this.#line.leave(this.key, this.leaving)
  }
}
