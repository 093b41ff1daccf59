/**
 * A fair, fenced lease.
 *
 * @packageDocumentation
 */
export { type Clock, Moment, sleep, systemClock } from './clock.js'
export { LeaseError, type LeaseErrorCode, type LeaseErrorDetails } from './errors.js'
export type { AcquireOptions, Contender, Lease, Leaser, LineState } from './lease.js'
