/**
 * A fair, fenced lease on one DynamoDB item: contenders stand in a line, the one with the lowest ticket holds the lease,
 * and its ticket is the fencing token.
 *
 * Guaranteed, with wall clocks that are within `maxClockSkewMs` of each other: no two holders of one key at once;
 * served in the order of joining; every later holder has a larger token; a dead holder is replaced `ttlMs` +
 * `maxClockSkewMs` after its last sign of life; lost, repeated and late messages do no harm; every request and every
 * wait is bounded.
 *
 * Not guaranteed: that a holder that was paused between asking for `remainingMs()` and its write does not write late.
 * Compare the token where the write lands. Not covered: clocks that are wrong and agree with DynamoDB's `Date` all the
 * same, one resource under two keys, writers that do not ask, global tables, deleting the item while there are writers.
 *
 * `DjangoCompatibleLeaser` gives less, and `LocalLeaser` excludes one machine's processes only: see there.
 *
 * @packageDocumentation
 */

export { LeaseError, type LeaseErrorCode, type LeaseErrorDetails } from './contract/errors.js'
export type { LeaseEvent } from './contract/events.js'
export type { AcquireOptions, Contender, Lease, Leaser, LineState, SweepOptions } from './contract/lease.js'
export type { LeaserOptions } from './contract/options.js'
export { type CreateLeaserOptions, createLeaser } from './create-leaser.js'
export { DjangoCompatibleLeaser, type DjangoCompatibleLeaserOptions } from './django/leaser.js'
export type { DynamoDBClient, DynamoDBClientConfig } from './dynamodb/client.js'
export {
  type DiagnoseLeaseOptions,
  diagnoseLease,
  type LeaseDiagnosis,
  type Permission,
  type TableFinding,
} from './dynamodb/diagnosis.js'
export { type LeasePolicy, type LeasePolicyOptions, leasePolicy } from './dynamodb/iam-policy.js'
export {
  type CreateLeaseTableOptions,
  createLeaseTable,
  type LeaseTable,
  leaseTableArn,
} from './dynamodb/lease-table.js'
export { DynamoDBLeaser, type DynamoDBLeaserOptions } from './dynamodb/leaser.js'
export { LocalLeaser, type LocalLeaserOptions } from './local/leaser.js'
export type { Clock } from './time/clock.js'
