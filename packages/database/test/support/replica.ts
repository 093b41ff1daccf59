import Libsql from 'libsql'
import { onTestFinished } from 'vitest'
import { REPLICA_FOR_TESTS, type ReplicaSettings, type TestOptions } from '../../src/file/options.js'
import type { Database, DatabaseEvent, DatabaseOptions } from '../../src/index.js'
import { openBank, rows, scratchPath } from './scratch.js'

export const SUM = 'SELECT sum(balance) FROM account'

/** A bank whose reads are answered by a replica, and what it tells of them. */
export interface ReplicatedBank {
  bank: Database
  path: string
  /** How the reads since the last call were answered, and what was copied for them. */
  told(): string[]
}

/** Opens a bank whose replica is true. */
export async function replicatedBank(
  settings: Partial<ReplicaSettings> = {},
  options: Partial<DatabaseOptions> & TestOptions = {},
): Promise<ReplicatedBank> {
  const path = scratchPath()
  const events: DatabaseEvent[] = []
  const onEvent = (event: DatabaseEvent) => void events.push(event)
  const replica: TestOptions = { [REPLICA_FOR_TESTS]: { isDirect: false, ...settings } }
  const bank = await openBank({ ...replica, onEvent, ...options }, path)
  // The first read is of the live file, and so is the one that finds that a copy pays.
  for (let n = 0; n < 3; n++) await rows(bank, SUM)
  const told = () => events.splice(0).flatMap(worded)
  told()
  return { bank, path, told }
}

function worded(event: DatabaseEvent): string[] {
  if (event.type === 'read-window') return [`read by ${event.by}`]
  if (event.type === 'replica-refreshed') return [`${event.how} after ${event.why}`]
  if (event.type === 'replica-off') return [`off: ${event.reason}`]
  return []
}

/** Another program that writes the file, in journal mode PERSIST and without the lease. */
export function stranger(path: string): Libsql.Database {
  const libsql = new Libsql(path)
  libsql.exec(
    'PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=PERSIST; PRAGMA locking_mode=NORMAL; PRAGMA cache_spill=OFF; SELECT 1 FROM sqlite_schema LIMIT 1',
  )
  onTestFinished(() => void libsql.close())
  return libsql
}
