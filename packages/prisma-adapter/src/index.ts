/**
 * Prisma on one SQLite file that many processes share over a network file system.
 *
 * Guaranteed: of all that write, one does at a time, in the order in which they asked; a write that was acknowledged is on
 * disk; what failed with P1008 or P2034 was not written. Not guaranteed: that a read sees what was committed while it ran;
 * that a write whose COMMIT met an I/O error (`COMMIT_UNKNOWN`) did or did not take place.
 *
 * @packageDocumentation
 */

export type { ConflictCode, DatabaseEvent } from '@sqlite-efs/database'
export type { LeaseEvent } from '@sqlite-efs/lease'
export type { TimestampFormat } from './conversion/arguments.js'
export type { IntMode } from './conversion/results.js'
export { PrismaSqliteEfsError, type PrismaSqliteEfsErrorCode } from './errors/errors.js'
export { isRetryable } from './errors/retryable.js'
export { PrismaSqliteEfs } from './factory.js'
export type { SqliteEfsEvent } from './options/events.js'
export type { LeaseOptions } from './options/lease-options.js'
export type { PrismaSqliteEfsOptions } from './options/options.js'
export { type RetryOptions, retry } from './retry.js'
