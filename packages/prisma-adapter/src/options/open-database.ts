import { type Database, type DatabaseOptions, openDatabase, type Tracer } from '@sqlite-efs/database'
import { checkDatabaseOptions, leaseDirectoryOf } from '@sqlite-efs/database/internal'
import { createLeaser, type Leaser } from '@sqlite-efs/lease'
import { withPrismaError } from '../errors/database-error.js'
import { FOLLOW_UP_MICROTASKS } from './follow-ups.js'
import type { ResolvedOptions } from './options.js'
import { MEMORY } from './url.js'

/** The database that the options name. */
export function openByOptions(options: ResolvedOptions, leaser: Leaser, tracer?: Tracer): Database {
  return openDatabase({ ...databaseOptions(options, leaser), ...(tracer && { tracer }) })
}

/**
 * Who hands out the right to write. Holds and touches nothing, for an adapter that is made but not used.
 *
 * @throws PrismaSqliteEfsError `CONFIGURATION`
 */
export function leaserByOptions(options: ResolvedOptions): Leaser {
  const { key, timeoutMs, transactionTimeoutMs, maxHoldMs, ...line } = options.lease
  const { onEvent, path } = options
  const isInFiles = line.protocol === 'local' && path !== MEMORY
  return withPrismaError(() => {
    const settings = { ...(onEvent && { onEvent }), ...(isInFiles && { directory: leaseDirectoryOf(path) }) }
    // What the environment says is in the options already.
    const leaser = createLeaser({ ...line, ...settings }, {})
    checkDatabaseOptions(databaseOptions(options, leaser))
    return leaser
  })
}

function databaseOptions({ path, lease, fencing, pragmas, onEvent }: ResolvedOptions, leaser: Leaser): DatabaseOptions {
  const { key, timeoutMs, transactionTimeoutMs, maxHoldMs } = lease
  return {
    path,
    leaser,
    followUpMicrotasks: FOLLOW_UP_MICROTASKS,
    ...(key !== undefined && { leaseKey: key }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(transactionTimeoutMs !== undefined && { transactionTimeoutMs }),
    ...(maxHoldMs !== undefined && { maxHoldMs }),
    ...(fencing !== undefined && { fencing }),
    ...(pragmas !== undefined && { pragmas }),
    ...(onEvent !== undefined && { onEvent }),
  }
}
