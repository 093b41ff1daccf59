import type Libsql from 'libsql'
import type { Column, SqlValue } from '../contract/values.js'
import { TextCache } from '../sql/text-cache.js'
import { countLeftStatement } from './libsql-handles.js'

/** A statement that SQLite has compiled. */
export interface Prepared {
  statement: Libsql.Statement<unknown[]>
  columns: readonly Column[]
  parameters: number
  /** What its large values take: SQLite keeps those that a statement was given last. */
  boundBytes: number
  /** It is known not to ask for the connection's last change. */
  asksNothing: boolean
  returnsRows: boolean
  /** Neither a query nor a change of rows: what was prepared before may have other columns after it. */
  isDefinition: boolean
  isExplain: boolean
  isPragma: boolean
  /** A PRAGMA that sets what is set: SQLite refuses some of them in a transaction. */
  isInForce: boolean
}

/** Maximum memory for the prepared statements of one connection, in SQLite and here. */
const MAX_BYTES = 16 * 2 ** 20
/** Maximum number of them: SQLite looks at each when it is asked whether a new one writes. */
const MAX_STATEMENTS = 256
/** As measured: a list of parameters takes most for its length, 90 bytes for each character, and the shortest query 4 KiB. */
const BYTES_PER_CHARACTER = 90
const STATEMENT_BYTES = 4 * 2 ** 10
/** Values that take less are not counted. */
const LARGE_BYTES = 64 * 2 ** 10

/** The prepared statements of one connection, by their text. libsql frees one when it is collected as garbage, and not before. */
export const preparedStatements = () =>
  new TextCache<Prepared>({
    maxBytes: MAX_BYTES,
    maxEntryBytes: MAX_BYTES / 2,
    maxEntries: MAX_STATEMENTS,
    onLeft: countLeftStatement,
    bytesOf: (sql, { boundBytes }) => STATEMENT_BYTES + BYTES_PER_CHARACTER * sql.length + boundBytes,
  })

/** Counts the values that a statement was given, and says whether that changes what it costs. */
export function noteBoundBytes(prepared: Prepared, values: readonly SqlValue[]): boolean {
  let bytes = 0
  for (const value of values) {
    if (typeof value === 'string') bytes += value.length
    else if (value instanceof Uint8Array) bytes += value.byteLength
  }
  const counted = bytes > LARGE_BYTES ? bytes : 0
  if (counted === prepared.boundBytes) return false
  prepared.boundBytes = counted
  return true
}
