import { type Database, type DatabaseOptions, openDatabase, type Tracer } from '@sqlite-efs/database'
import { checkDatabaseOptions } from '@sqlite-efs/database/internal'
import type { Leaser } from '@sqlite-efs/lease'
import { withPrismaError } from '../errors/database-error.js'
import { FOLLOW_UP_MICROTASKS } from './follow-ups.js'
import { createLeaser } from './leaser.js'
import { localDirectory } from './local-line.js'
import type { ResolvedOptions } from './options.js'

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
  const { lease, onEvent, path } = options
  return withPrismaError(() => {
    const leaser = createLeaser(lease, { onEvent, directory: localDirectory(path) })
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
