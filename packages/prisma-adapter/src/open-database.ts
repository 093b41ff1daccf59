import { randomUUID } from 'node:crypto'
import { type Database, type DatabaseOptions, openDatabase } from '@sqlite-efs/database'
import type { Leaser } from '@sqlite-efs/lease'
import type { ResolvedOptions } from './options.js'

/** The database that the options name. */
export function openByOptions(options: ResolvedOptions, leaser: Leaser): Database {
  return openDatabase(databaseOptions(options, leaser))
}

/**
 * The database says what is wrong with its options when it is opened; this opens one where nothing can be, so that nothing is
 * touched, and nothing held, by an adapter that is made but not used.
 *
 * @throws DatabaseError `CONFIGURATION`
 */
export function checkDatabaseOptions(options: ResolvedOptions, leaser: Leaser): void {
  const nowhere = openDatabase({ ...databaseOptions(options, leaser), path: `/${randomUUID()}/options.db` })
  void nowhere.close()
}

function databaseOptions({ path, lease, fencing, pragmas }: ResolvedOptions, leaser: Leaser): DatabaseOptions {
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
  }
}
