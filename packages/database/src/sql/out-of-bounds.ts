import { DatabaseError } from '../contract/errors.js'
import { type UsedName, usedNames } from './names.js'

/**
 * Functions of libsql that read or write other files, run code or other SQL, or set keys. libsql registers all of them on every
 * connection but `edit` and `eval`, which SQLite's shell has. A test holds this list, and what is known to be safe, to what libsql registers.
 */
export const REFUSED_FUNCTIONS: ReadonlySet<string> = new Set(
  `edit eval fts3_tokenizer geopoly_debug load_extension readfile sha3_query sqlite3mc_codec_data sqlite3mc_config
   sqlite3mc_config_table sqlite3mc_version writefile`.split(/\s+/),
)

/** Tables of libsql that are files of the host, or this file's raw pages, and a PRAGMA that writes while it is read as a table. */
export const REFUSED_TABLES: ReadonlySet<string> = new Set(['fsdir', 'pragma_optimize', 'sqlite_dbpage'])

/** Functions that tell of the connection's last change, whose ever that was. */
export const CONNECTION_FUNCTIONS: ReadonlySet<string> = new Set([
  'changes',
  'last_insert_rowid',
  'last_rows_affected',
  'total_changes',
])

const anyOf = (...sets: ReadonlySet<string>[]) => new RegExp(sets.flatMap((names) => [...names]).join('|'), 'i')
const MAY_BE_OUT_OF_BOUNDS = anyOf(REFUSED_FUNCTIONS, REFUSED_TABLES)
const MAY_ASK_CONNECTION = anyOf(CONNECTION_FUNCTIONS)

const isOutOfBounds = ({ name, as }: UsedName) => (as === 'table' ? REFUSED_TABLES : REFUSED_FUNCTIONS).has(name)

/** What a statement names that reaches out of the database, in SQL's words; undefined where there is nothing. */
export function outOfBounds(sql: string): string | undefined {
  if (!MAY_BE_OUT_OF_BOUNDS.test(sql)) return undefined
  const used = usedNames(sql).find(isOutOfBounds)
  return used && (used.as === 'table' ? used.name : `${used.name}()`)
}

/** The function of the connection's last change that a statement calls; undefined where it calls none. */
export function connectionFunction(sql: string): string | undefined {
  if (!MAY_ASK_CONNECTION.test(sql)) return undefined
  // A table called `changes` has columns between its parentheses.
  const asks = ({ name, as, hasNoArguments }: UsedName) =>
    as === 'function' && hasNoArguments && CONNECTION_FUNCTIONS.has(name)
  return usedNames(sql).find(asks)?.name
}

/**
 * A schema can call what a statement may not. SQLite refuses such functions in views and triggers, but runs them in a CHECK constraint,
 * even where only `PRAGMA integrity_check` looks at the rows. So nothing is run on such a file.
 *
 * @throws DatabaseError `CONFIGURATION`
 */
export function refuseSchema(objects: readonly { name: string; sql: string }[], path: string): void {
  for (const { name, sql } of objects) {
    const what = outOfBounds(sql)
    if (!what) continue
    throw new DatabaseError(
      'CONFIGURATION',
      `${path} is not used: in its schema, ${name} refers to ${what}, which reaches out of the database. Where you trust the file, run \`sqlite3 ${path}\` while no process has it open, and drop ${name}.`,
      { path, option: 'path' },
    )
  }
}
