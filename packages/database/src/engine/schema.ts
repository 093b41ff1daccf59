import type { SqlValue } from '../contract/values.js'
import { CONNECTION_FUNCTIONS, connectionFunction, refuseSchema } from '../sql/out-of-bounds.js'
import { normalized } from '../sql/scanner.js'

/** What a database's schema says beside its tables and their columns. */
export class Schema {
  /** It makes a difference to statements that share a transaction. */
  readonly hasDeferredKeys: boolean
  /** A view, a default or the like asks for the connection's last change, and with it statements that do not name the function. */
  readonly asksConnection: boolean

  /**
   * @param rows type, name and sql of each object
   * @throws DatabaseError `CONFIGURATION` where it reaches out of the database
   */
  constructor(rows: readonly SqlValue[][], path: string) {
    const objects = rows.map(([type, name, sql]) => ({ type, name: String(name), sql: String(sql) }))
    refuseSchema(objects, path)
    this.hasDeferredKeys = objects.some(
      ({ sql }) => /INITIALLY/i.test(sql) && / INITIALLY DEFERRED/.test(normalized(sql)),
    )
    // A trigger asks within the statement that it belongs to.
    this.asksConnection = objects.some(({ type, sql }) => type !== 'trigger' && connectionFunction(sql) !== undefined)
  }
}

const CALL = /^(.+)\(-?\d+\)$/

/**
 * The function of the connection's last change that a compiled statement calls outside its triggers.
 *
 * @param program what EXPLAIN says of the statement: https://www.sqlite.org/opcode.html
 */
export function connectionFunctionOf(program: readonly SqlValue[][]): string | undefined {
  // A trigger's program follows, and is counted from 0 again.
  const end = program.findIndex(([address], index) => index > 0 && Number(address) === 0)
  const own = end < 0 ? program : program.slice(0, end)
  return own.map((row) => CALL.exec(String(row[5]))?.[1] ?? '').find((name) => CONNECTION_FUNCTIONS.has(name))
}
