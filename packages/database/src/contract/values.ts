/** A value that SQLite can store. Every `number` is bound as REAL, as libsql does; pass a `bigint` for INTEGER. */
export type SqlValue = null | number | bigint | string | Uint8Array

/** A column of a result. */
export interface Column {
  /** As the statement names it. */
  name: string
  /** As the table declares it, e.g. `BIGINT`; null for an expression. */
  declaredType: string | null
}

/** What a statement gave back. */
export interface ResultSet {
  /** In the statement's order; the same array each time the statement is run, until the schema changes. */
  columns: readonly Column[]
  /** Integers come as `bigint`: nothing is lost on the way; REAL as `number`. */
  rows: SqlValue[][]
  /** Rows inserted, updated or deleted by the statement itself; the returned rows are counted where it has RETURNING. */
  changes: number
}

/** Which way a statement goes. */
export type StatementKind = 'read' | 'write'
