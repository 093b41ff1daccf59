import {
  checkDatabaseOptions,
  type Database,
  type DatabaseOptions,
  openDatabase,
  type Tracer,
} from '@sqlite-efs/database'
import type { Leaser } from '@sqlite-efs/lease'
import type { ResolvedOptions } from './options.js'

/** The database that the options name. */
export function openByOptions(options: ResolvedOptions, leaser: Leaser, tracer?: Tracer): Database {
  return openDatabase({ ...databaseOptions(options, leaser), ...(tracer && { tracer }) })
}

/**
 * Holds and touches nothing, for an adapter that is made but not used.
 *
 * @throws DatabaseError `CONFIGURATION`
 */
export function checkByOptions(options: ResolvedOptions, leaser: Leaser): void {
  checkDatabaseOptions(databaseOptions(options, leaser))
}

function databaseOptions({ path, lease, fencing, pragmas, onEvent }: ResolvedOptions, leaser: Leaser): DatabaseOptions {
  const { key, timeoutMs, transactionTimeoutMs, maxHoldMs } = lease === 'local' ? {} : lease
  return {
    path,
    leaser,
    ...(key !== undefined && { leaseKey: key }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(transactionTimeoutMs !== undefined && { transactionTimeoutMs }),
    ...(maxHoldMs !== undefined && { maxHoldMs }),
    ...(fencing !== undefined && { fencing }),
    ...(pragmas !== undefined && { pragmas }),
    ...(onEvent !== undefined && { onEvent }),
  }
}
