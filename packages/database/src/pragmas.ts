import { DatabaseError } from './errors.js'

/** A connection's settings by PRAGMA name. */
export type Pragmas = Readonly<Record<string, string | number>>

/** What every connection runs with, where the user says nothing else. */
export const SAFE_PRAGMAS: Pragmas = {
  synchronous: 'FULL',
  foreign_keys: 'ON',
  // Over NFS only SQLite's own page cache survives between reads: 32 MiB.
  cache_size: -32_768,
  temp_store: 'MEMORY',
}

/** What the design stands on; set last, and not the user's to change. */
export const FIXED_PRAGMAS: Pragmas = {
  // Nothing reaches the database file before COMMIT: readers go on, and a killed process leaves nothing half written.
  cache_spill: 'OFF',
  mmap_size: 0,
  busy_timeout: 0,
}

const REFUSED: Record<string, string> = {
  journal_mode:
    'the journal is PERSIST, always: WAL does not work over a network file system, and the others let another host overlook a hot journal',
  locking_mode: 'it is the lease that decides who writes',
  mmap_size: 'memory-mapped pages are not coherent over a network file system',
  user_version: 'it holds the fence (see the `fencing` option)',
  application_id: 'it marks the file as fenced (see the `fencing` option)',
  cache_spill: 'nothing may reach the file before COMMIT',
  busy_timeout: 'waiting is done without blocking the event loop (see the `timeoutMs` option)',
  journal_size_limit: 'a journal that is truncated can be overlooked by another host',
  schema_version: 'SQLite alone may change it',
  writable_schema: 'it can corrupt the file',
  read_uncommitted: 'there is no shared cache here',
  query_only: 'readers are read-only already',
  wal_autocheckpoint: 'there is no WAL',
  auto_vacuum:
    'it is kept in the file, not set by each connection: run `PRAGMA auto_vacuum=INCREMENTAL; VACUUM` once with the sqlite3 shell, while no process has the file open',
  incremental_vacuum: 'it is done once, not set: run it as a statement',
  default_cache_size: 'it would be written to the file by each connection (see `cache_size`)',
}

/**
 * Checks the user's PRAGMAs and merges them over the safe set.
 *
 * @throws DatabaseError `CONFIGURATION` naming the PRAGMA
 */
export function mergePragmas(pragmas: Pragmas = {}): Pragmas {
  const merged: Record<string, string | number> = { ...SAFE_PRAGMAS }
  for (const [name, value] of Object.entries(pragmas)) {
    const wrong = (reason: string) =>
      new DatabaseError('CONFIGURATION', `pragmas.${name} = ${JSON.stringify(value)} can't be set: ${reason}.`, {
        option: `pragmas.${name}`,
      })
    if (!/^[a-z_]+$/.test(name)) throw wrong('a PRAGMA is named in small letters and underscores')
    if (REFUSED[name]) throw wrong(REFUSED[name])
    if (typeof value === 'number' ? !Number.isSafeInteger(value) : !/^[A-Za-z0-9_.-]+$/.test(String(value))) {
      throw wrong('a whole number or a single word is wanted')
    }
    if (name === 'synchronous' && ['0', 'OFF'].includes(String(value).toUpperCase())) {
      throw wrong('an acknowledged write could be lost')
    }
    merged[name] = value
  }
  return { ...merged, ...FIXED_PRAGMAS }
}

/** The statements that set them. Names and values were checked by {@link mergePragmas}. */
export const pragmaScript = (pragmas: Pragmas) =>
  Object.entries(pragmas)
    .map(([name, value]) => `PRAGMA ${name}=${value};`)
    .join(' ')
