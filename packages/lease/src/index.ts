/**
 * A fair, fenced lease.
 *
 * @packageDocumentation
 */
export { type Clock, Moment, sleep, systemClock } from './clock.js'
export type { DynamoDBClient, DynamoDBClientConfig } from './dynamodb-client.js'
export { DynamoDBLeaser, type DynamoDBLeaserOptions } from './dynamodb-leaser.js'
export { LeaseError, type LeaseErrorCode, type LeaseErrorDetails } from './errors.js'
export type { LeaseEvent } from './events.js'
export type { AcquireOptions, Contender, Lease, Leaser, LineState } from './lease.js'
export { LocalLeaser } from './local-leaser.js'
export type { LeaserOptions } from './options.js'
export { createLeaseTable } from './table.js'
