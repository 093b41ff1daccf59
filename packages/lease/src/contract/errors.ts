/**
 * What went wrong with a lease.
 *
 * - `CONFIGURATION`: an option is wrong; the message names it and its value.
 * - `LEASE_TIMEOUT`: the turn did not come within `timeoutMs`; the wait is over, nothing is held.
 * - `LEASE_ABORTED`: the caller's signal ended the wait.
 * - `LEASE_LOST`: it ran out, or somebody took it over. Final.
 * - `CLOCK_SKEW`: this machine's wall clock disagrees with DynamoDB's `Date` header.
 * - `UNREACHABLE`: no usable answer within the bounds of a request and its retries.
 * - `ACCESS_DENIED`: no credentials were found, or DynamoDB refused them or the action.
 * - `TABLE_NOT_FOUND`: no such table in this region.
 * - `FOREIGN_PROTOCOL`: the item is in use by another protocol (django-sqlite-efs', or the line where that is spoken).
 * - `CONTENDER_ALIVE`: who was to be swept must be presumed alive; the message says until when.
 * - `FILES_FAILED`: the files of a local line could not be written or read: a full disk, say.
 * - `NO_SUCH_TICKET`: nobody in the line has the ticket that was to be swept.
 */
export type LeaseErrorCode =
  | 'CONFIGURATION'
  | 'LEASE_TIMEOUT'
  | 'LEASE_ABORTED'
  | 'LEASE_LOST'
  | 'CLOCK_SKEW'
  | 'UNREACHABLE'
  | 'ACCESS_DENIED'
  | 'TABLE_NOT_FOUND'
  | 'FOREIGN_PROTOCOL'
  | 'CONTENDER_ALIVE'
  | 'FILES_FAILED'
  | 'NO_SUCH_TICKET'

/** What is known beside the message; each field only where it applies. */
export interface LeaseErrorDetails {
  /** The option that is wrong. */
  option?: string
  key?: string
  tableName?: string
  region?: string
  /** What was refused, as IAM names it: `dynamodb:UpdateItem`, say. */
  action?: string
  /** Who holds the lease. */
  holder?: string
  /** When that was first seen by this waiter, epoch milliseconds. */
  heldSinceMs?: number
  /** Until when the holder must be presumed alive unless it renews, epoch milliseconds: it is replaced then if it is dead. */
  aliveUntilMs?: number
  /** How many stood before the caller. */
  position?: number
  /** Who was swept last, and when. */
  swept?: { owner: string; ticket: number; atMs: number }
  waitedMs?: number
  /** How many attempts were made, where `maxAttempts` of the Django protocol allows no more: who asks again does so anew. */
  attempts?: number
}

/** The one error of this package; `code` says which. The message says what happened, to which key, and what to do. */
export class LeaseError extends Error {
  override readonly name = 'LeaseError'
  readonly code: LeaseErrorCode
  readonly details: LeaseErrorDetails

  constructor(code: LeaseErrorCode, message: string, details: LeaseErrorDetails = {}, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.details = details
  }
}
