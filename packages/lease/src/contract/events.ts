import type { LeaseError } from './errors.js'

/**
 * What a leaser tells `onEvent`, in the order in which it happens. `key` is what the lease is on, `token` the ticket that
 * it carries; times are milliseconds. No more than that is ever in it: a lease knows no SQL and no values.
 */
export type LeaseEvent =
  /**
   * Stands in line; told again at each change of `position`: how many stand before it. `holder` is who the first of them says
   * it is. A lease that is had at once is not waited for, and begins with `acquired`.
   */
  | { type: 'waiting'; key: string; position: number; holder: string }
  /** The lease is had, `waitedMs` after it was asked for; `waiting` others stand behind it. */
  | { type: 'acquired'; key: string; token: number; waitedMs: number; waiting: number }
  /** DynamoDB has acknowledged a renewal: the lease is whole again. */
  | { type: 'renewed'; key: string; token: number }
  /** Is being given back, after `heldMs`. Nothing is written under it any more. */
  | { type: 'released'; key: string; token: number; heldMs: number }
  /** Went to the end of the line, behind `waiting` others, after `heldMs`; the next lease begins with `acquired`. */
  | { type: 'yielded'; key: string; token: number; heldMs: number; waiting: number }
  /** Is over before it was given back, after `heldMs`; `error` says why, with the code `LEASE_LOST`. */
  | { type: 'lost'; key: string; token: number; heldMs: number; error: LeaseError }
  /**
   * DynamoDB, or the files of a local line, gave no usable answer after `waitedMs`; `error` says why. The request is repeated
   * until the wait ends. Told once until there is an answer again.
   */
  | { type: 'unanswered'; key: string; waitedMs: number; error: LeaseError }
  /** Took a dead holder, `owner` with `ticket`, out of the line: a takeover. */
  | { type: 'swept'; key: string; ticket: number; owner: string }
  /** Left the line without a lease after `waitedMs`; `code` says why, `LEASE_TIMEOUT` in most cases. */
  | { type: 'gave-up'; key: string; waitedMs: number; code: LeaseError['code'] }
