import { check } from '../contract/check.js'

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
  defer_foreign_keys:
    'SQLite forgets it at the end of each transaction: send it as the first statement of the transaction that needs it',
  temp_store_directory: 'SQLite keeps one for the whole process (see the environment variable SQLITE_TMPDIR)',
  count_changes: 'it changes what statements return',
  empty_result_callbacks: 'it changes what statements return',
  full_column_names: 'it changes the names of columns, by which results are read',
  short_column_names: 'it changes the names of columns, by which results are read',
  checkpoint_fullfsync: 'there is no WAL',
  encoding: 'it is kept in the file from its creation on',
  page_size: 'it is kept in the file from its creation on',
}

/** Settings of one connection, or of SQLite in this process. */
const SETTINGS = new Set(
  `analysis_limit automatic_index cache_size case_sensitive_like cell_size_check foreign_keys fullfsync hard_heap_limit
   ignore_check_constraints legacy_alter_table max_page_count recursive_triggers reverse_unordered_selects secure_delete
   soft_heap_limit synchronous temp_store threads trusted_schema`.split(/\s+/),
)

/** They answer or do something, and set nothing. */
const QUESTIONS = new Set(
  `collation_list compile_options data_version database_list foreign_key_check foreign_key_list freelist_count function_list
   index_info index_list index_xinfo integrity_check module_list optimize page_count pragma_list quick_check shrink_memory
   table_info table_list table_xinfo wal_checkpoint`.split(/\s+/),
)

/** Whether SQLite has a PRAGMA of this name. What libsql has beside them, PRAGMA rekey for example, is about keys. */
export function isKnownPragma(name: string): boolean {
  const small = name.toLowerCase()
  return SETTINGS.has(small) || QUESTIONS.has(small) || Object.hasOwn(REFUSED, small)
}

const SWITCHES = new Set(
  `automatic_index case_sensitive_like cell_size_check foreign_keys fullfsync ignore_check_constraints legacy_alter_table
   recursive_triggers reverse_unordered_selects trusted_schema`.split(/\s+/),
)
/** SQLite's names for values; it takes a word that it does not know for OFF. */
const ON_OFF: Readonly<Record<string, number>> = { ON: 1, YES: 1, TRUE: 1, OFF: 0, NO: 0, FALSE: 0 }
const WORDS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  synchronous: { ...ON_OFF, NORMAL: 1, FULL: 2, EXTRA: 3 },
  temp_store: { DEFAULT: 0, FILE: 1, MEMORY: 2 },
  cache_spill: ON_OFF,
  ...Object.fromEntries([...SWITCHES].map((name) => [name, ON_OFF])),
}
const INTEGER = /^[-+]?\d+$/

/** A value as SQLite keeps it, in small letters where it is a word. */
function valueOf(name: string, value: string | number): string {
  const text = String(value).replaceAll(' ', '').toUpperCase()
  const known = WORDS[name]?.[text] ?? (INTEGER.test(text) ? Number(text) : text.toLowerCase())
  return String(known)
}

/** What every connection has set: the user's PRAGMAs, and what the design stands on. */
export const settingsInForce = (pragmas: Pragmas = mergePragmas()): Pragmas => ({
  ...pragmas,
  journal_mode: 'persist',
  locking_mode: 'normal',
})

/** Whether a PRAGMA is set to that value already. */
export function isInForce(inForce: Pragmas, name: string, value: string): boolean {
  const small = name.toLowerCase()
  const current = inForce[small]
  return current !== undefined && valueOf(small, current) === valueOf(small, value)
}

/**
 * Checks the user's PRAGMAs and merges them over the safe set.
 *
 * @throws DatabaseError `CONFIGURATION` naming the PRAGMA
 */
export function mergePragmas(pragmas: Pragmas = {}): Pragmas {
  const merged: Record<string, string | number> = { ...SAFE_PRAGMAS }
  for (const [name, value] of Object.entries(pragmas)) {
    const wrong = (rule: string, hint?: string) => check.wrong(`pragmas.${name}`, rule, value, { hint })
    if (!/^[a-z_]+$/.test(name)) throw wrong('be left out', 'a PRAGMA is named in small letters and underscores')
    if (Object.hasOwn(REFUSED, name)) throw wrong('be left out', REFUSED[name])
    if (!isKnownPragma(name)) throw wrong('be left out', 'SQLite has no such PRAGMA')
    if (!SETTINGS.has(name)) throw wrong('be left out', 'it is not a setting: run it as a statement')
    if (typeof value === 'number' ? !Number.isSafeInteger(value) : !/^[A-Za-z0-9_.-]+$/.test(String(value))) {
      throw wrong('be a whole number or a single word')
    }
    const kept = valueOf(name, value)
    if (name === 'synchronous' && kept === '0')
      throw wrong('be NORMAL, FULL or EXTRA', 'an acknowledged write could be lost')
    // SQLite would take it for OFF, or for another number.
    if (name === 'synchronous' && !['1', '2', '3'].includes(kept)) throw wrong('be NORMAL, FULL or EXTRA')
    if (SWITCHES.has(name) && !['0', '1'].includes(kept)) throw wrong('be ON or OFF')
    merged[name] = value
  }
  return { ...merged, ...FIXED_PRAGMAS }
}

/** The statements that set them. Names and values were checked by {@link mergePragmas}. */
export const pragmaScript = (pragmas: Pragmas) =>
  Object.entries(pragmas)
    .map(([name, value]) => `PRAGMA ${name}=${value};`)
    .join(' ')
