import type { LeaseError } from '../contract/errors.js'
import type { Contender } from '../contract/lease.js'
import type { LineItem } from './line-item.js'

/** What a contender writes into the line about itself. */
export interface Entry {
  id: string
  owner: string
  aliveUntilMs: number
  /** The longest time that it ever claims at once. A line in files keeps it; an item in DynamoDB has no room for it. */
  ttlMs?: number
}

/** An answer of the store; the lack of one is a {@link StoreFailure}. */
export interface LineAnswer {
  /** False: the condition did not hold, and nothing was changed. */
  done: boolean
  /** The item after the write, or as the failed condition found it. Missing where the store does not tell. */
  item?: LineItem
  /** The server's wall clock when it answered, epoch milliseconds, in whole seconds. */
  dateMs?: number
}

/** What a holder needs of a store, and who looks at its item, whatever protocol brought the holder there. */
export interface PlaceStore {
  /** For error messages, where there is a table. */
  readonly tableName?: string
  /** For error messages, where there are files. */
  readonly directory?: string
  /** Reads the item. Only a consistent look proves that an entry is not there. */
  look(key: string, options: { consistent: boolean; signal?: AbortSignal }): Promise<LineAnswer>
  /** Moves `aliveUntilMs` of one's entry forward. Refused if the entry is gone, or says more already. */
  renew(key: string, id: string, ticket: number, aliveUntilMs: number): Promise<LineAnswer>
  /**
   * Removes one's entry. Without a ticket (a join that was never answered): whatever ticket it got. In the background: no
   * caller waits for it, and nothing is lost if it ends early.
   */
  leave(key: string, id: string, ticket?: number, options?: { background: boolean }): Promise<LineAnswer>
  /** Removes a contender, if it still is as it was seen. */
  sweep(key: string, seen: Contender, atMs: number): Promise<LineAnswer>
}

/**
 * The line's operations on the item of one key, each a single attempt of one request that is bounded in time. Safe to
 * replay, harmless when late. Everything that decides, waits or repeats is on this side of the seam, and a simulated
 * network can stand on the other.
 */
export interface LineStore extends PlaceStore {
  /** Takes the next ticket. Refused if the id has one already, or if another protocol uses the item. */
  join(key: string, entry: Entry): Promise<LineAnswer>
  /** Leaves and joins in one. Refused if the old entry is gone. */
  yield(key: string, from: { id: string; ticket: number }, entry: Entry): Promise<LineAnswer>
  /** Lifts `ticket` to `floor`. Refused if it is as high already, or if another protocol uses the item. */
  raise(key: string, floor: number): Promise<LineAnswer>
}

/**
 * An attempt that brought no usable answer.
 *
 * - `ambiguous`: timeout, reset, 5xx. A write may have been applied, or may yet be.
 * - `throttled`: nothing was applied; try again, but not at once.
 * - `refused`: nothing was applied, and trying again would not help.
 */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure'
  readonly kind: 'ambiguous' | 'throttled' | 'refused'
  /** What the caller gets to see if this is the end of it. */
  readonly error: LeaseError
  readonly dateMs: number | undefined

  constructor(kind: StoreFailure['kind'], error: LeaseError, dateMs?: number) {
    super(error.message, { cause: error })
    this.kind = kind
    this.error = error
    this.dateMs = dateMs
  }
}
