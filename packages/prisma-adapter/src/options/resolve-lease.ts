import { chooseLine, didYouMean, missingTable } from '@sqlite-efs/lease/internal'
import { check, checkLease, refuseUnknown } from '../errors/configuration.js'
import type { LeaseOptions } from './lease-options.js'

/** A lease of a table. */
type TableLease = LeaseOptions & { protocol?: 'line' | 'django-sqlite-efs'; tableName: string }

/** A line in files, or one on a table. */
export type ResolvedLease = (LeaseOptions & { protocol: 'local' }) | TableLease

/** In milliseconds. `ttlMs` is more than 0, each of the others 0 or more. */
const WAITS = ['timeoutMs', 'transactionTimeoutMs', 'maxHoldMs', 'maxClockSkewMs'] as const

export const LEASE_OPTIONS = ['tableName', 'key', 'client', 'protocol', 'maxAttempts', 'ttlMs', ...WAITS]

/** What a client of the AWS SDK takes, and this adapter only with one. */
const IN_A_CLIENT = ['region', 'endpoint', 'credentials', 'profile'].map(
  (name) => [name, 'client: new DynamoDBClient({ ... })'] as const,
)

/** Stands for a table that is absent, so that all the rest can be checked. Never asked. */
const ABSENT_TABLE = 'absent'

/**
 * The lease, with what the environment says. Undefined where the table is absent, and all the rest is right.
 *
 * @param outside - the options that belong next to `lease`, not into it
 * @throws PrismaSqliteEfsError `CONFIGURATION`
 */
export function resolveLease(
  lease: 'local' | LeaseOptions | undefined,
  outside: readonly string[],
  env: NodeJS.ProcessEnv,
): ResolvedLease | undefined {
  if (lease === 'local') return { protocol: 'local' }
  if (typeof lease === 'string') {
    const hint = didYouMean(lease, ['local'], (name) => `'${name}'`)
    throw check.wrong('lease', `be 'local' or an object with ${LEASE_OPTIONS.join(', ')}`, lease, { hint })
  }
  const given = lease === undefined ? {} : lease
  const elsewhere = [...outside.map((name) => [name, name] as const), ...IN_A_CLIENT, ['table', 'tableName'] as const]
  refuseUnknown('lease', given, LEASE_OPTIONS, new Map(elsewhere))
  if (given.key !== undefined) checkLease.text('key', given.key, 'it must be the same in every instance')
  checkLease.milliseconds('ttlMs', given.ttlMs, { above: 0 })
  for (const name of WAITS) checkLease.milliseconds(name, given[name])
  const chosen = chooseLine<LeaseOptions>(given, env, checkLease)
  return isComplete(chosen) ? chosen : undefined
}

const isComplete = (lease: LeaseOptions): lease is ResolvedLease =>
  lease.protocol === 'local' || lease.tableName !== undefined

/** Stands for a lease without a table; why there is none is added to `missing`. */
export function absentTable(lease: 'local' | LeaseOptions | undefined, missing: Error[]): ResolvedLease {
  missing.push(missingTable(checkLease, "lease: 'local'"))
  return { ...(lease as Omit<TableLease, 'tableName'> | undefined), tableName: ABSENT_TABLE }
}
