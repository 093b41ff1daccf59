import type { DynamoDBClient } from '@sqlite-efs/lease'

/**
 * Leases from a DynamoDB table, or with `protocol: 'local'` from files beside the database. Every instance that writes the same
 * file must have the same ones.
 */
export interface LeaseOptions {
  /** A table with a partition key `pk` of type S; none with `protocol: 'local'`. @defaultValue the environment variable SQLITE_LOCK_DYNAMODB_TABLE */
  tableName?: string | undefined
  /**
   * What the lease is taken on: set it where instances mount the file at different paths.
   *
   * @defaultValue `database#<absolute path>`
   */
  key?: string
  /**
   * How long a holder that fell silent keeps its lease, in milliseconds; positive, and at most an hour.
   *
   * @defaultValue 6000; with `protocol: 'django-sqlite-efs'` the environment variable SQLITE_LOCK_EXPIRATION, in seconds
   */
  ttlMs?: number
  /** How long a write waits for its turn, in milliseconds. @defaultValue 5000 */
  timeoutMs?: number
  /**
   * How long the start of a transaction waits for its turn, in milliseconds: keep it just under Prisma's `maxWait`.
   *
   * @defaultValue 1900
   */
  transactionTimeoutMs?: number
  /** How long one process may keep the lease while it has more to write, in milliseconds. @defaultValue 250 */
  maxHoldMs?: number
  /** How far the clocks of two machines may be apart, in milliseconds; none may be further from DynamoDB's. @defaultValue 500 */
  maxClockSkewMs?: number
  /** @defaultValue a client with short timeouts and no retries, with the environment's region and credentials */
  client?: DynamoDBClient
  /**
   * How instances take turns: in a fair line on a DynamoDB table; by the protocol of django-sqlite-efs, to share the file with
   * a Django application; or in the same line in files beside the database, for the processes of one machine. All programs that
   * write one file must have the same.
   *
   * @defaultValue `'line'`
   */
  protocol?: 'line' | 'django-sqlite-efs' | 'local'
  /**
   * With `protocol: 'django-sqlite-efs'`: how often the lock is asked for at the most, within `timeoutMs`; a whole number, 1 or more.
   *
   * @defaultValue the environment variable SQLITE_LOCK_MAX_ATTEMPTS; without one as often as `timeoutMs` allows
   */
  maxAttempts?: number
}
