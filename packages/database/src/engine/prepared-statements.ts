import type Libsql from 'libsql'
import type { Column, SqlValue } from '../contract/values.js'
import { setsWhatIsInForce } from '../sql/classify.js'
import type { Pragmas } from '../sql/pragmas.js'
import { leadingTokens, parameterCount } from '../sql/scanner.js'
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

const ROW_STATEMENTS = new Set([
  'SELECT',
  'VALUES',
  'WITH',
  'INSERT',
  'REPLACE',
  'UPDATE',
  'DELETE',
  'PRAGMA',
  'EXPLAIN',
])

const SYNCHRONOUS = /synchronous/i
/** Stands for a statement that has nothing to do. */
const NEVER_RUN = 'SAVEPOINT never_run'
const NO_COLUMNS: readonly Column[] = []

/** The prepared statements of one connection, by their text. libsql frees one when it is collected as garbage, and not before. */
export class PreparedStatements {
  readonly #libsql: Libsql.Database
  readonly #inForce: Pragmas
  readonly #known = new TextCache<Prepared>({
    maxBytes: MAX_BYTES,
    maxEntryBytes: MAX_BYTES / 2,
    maxEntries: MAX_STATEMENTS,
    onLeft: countLeftStatement,
    bytesOf: (sql, { boundBytes }) => STATEMENT_BYTES + BYTES_PER_CHARACTER * sql.length + boundBytes,
  })
  #hasAny = false

  /** @param inForce the PRAGMAs that the connection was opened with */
  constructor(libsql: Libsql.Database, inForce: Pragmas) {
    this.#libsql = libsql
    this.#inForce = inForce
  }

  /** Whether a statement was ever prepared. */
  get hasAny(): boolean {
    return this.#hasAny
  }

  /** The statement with this text; throws what SQLite has against it. */
  of(sql: string): Prepared {
    return this.#known.get(sql) ?? this.#prepare(sql)
  }

  #prepare(sql: string): Prepared {
    const [first = ''] = leadingTokens(sql, 1)
    const isPragma = first === 'PRAGMA'
    const isInForce = isPragma && setsWhatIsInForce(sql, this.#inForce)
    // In a transaction SQLite refuses PRAGMA synchronous while it compiles it, whatever it is set to.
    const statement = this.#libsql.prepare(isInForce && SYNCHRONOUS.test(sql) ? NEVER_RUN : sql)
    this.#hasAny = true
    const prepared: Prepared = {
      statement,
      parameters: parameterCount(sql),
      boundBytes: 0,
      asksNothing: false,
      returnsRows: statement.reader,
      isDefinition: !ROW_STATEMENTS.has(first),
      isExplain: first === 'EXPLAIN',
      isPragma,
      isInForce,
      columns: NO_COLUMNS,
    }
    if (prepared.returnsRows) {
      statement.raw().safeIntegers()
      prepared.columns = statement.columns().map(({ name, type }) => ({ name, declaredType: type }))
    }
    this.#known.set(sql, prepared)
    return prepared
  }

  /** Counts the values that a statement was given. */
  noteBound(sql: string, prepared: Prepared, values: readonly SqlValue[]): void {
    let bytes = 0
    for (const value of values) {
      if (typeof value === 'string') bytes += value.length
      else if (value instanceof Uint8Array) bytes += value.byteLength
    }
    const counted = bytes > LARGE_BYTES ? bytes : 0
    if (counted === prepared.boundBytes) return
    prepared.boundBytes = counted
    this.#known.set(sql, prepared)
  }

  /** Drops those whose columns the schema decides. A PRAGMA has the same columns whatever the schema is. */
  forget(): void {
    this.#known.retain((sql) => sql.startsWith('PRAGMA '))
  }

  clear(): void {
    this.#known.clear()
  }
}
