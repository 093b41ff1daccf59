import { DatabaseError } from './errors.js'
import type { SqlValue } from './statement.js'

const MIN_INTEGER = -(2n ** 63n)
const MAX_INTEGER = 2n ** 63n - 1n

/**
 * Checks what is bound to a statement: libsql ends the whole process for a boolean, and stores NULL for what it does not
 * know.
 *
 * @throws DatabaseError `INVALID_ARGUMENT` naming the parameter
 */
export function checkArguments(args: readonly unknown[]): asserts args is readonly SqlValue[] {
  for (const [index, value] of args.entries()) {
    switch (typeof value) {
      case 'string':
        continue
      case 'number':
        if (Number.isFinite(value)) continue
        throw wrong(index, `${value} is not a number that SQLite can store`)
      case 'bigint':
        if (value >= MIN_INTEGER && value <= MAX_INTEGER) continue
        throw wrong(index, `${value} does not fit into 64 bits`)
      case 'object':
        if (value === null || value instanceof Uint8Array) continue
    }
    throw wrong(
      index,
      `a ${value instanceof Date ? 'Date' : typeof value} can't be stored; give null, a number, a bigint, a string, or a Uint8Array`,
    )
  }
}

const wrong = (index: number, reason: string) =>
  new DatabaseError('INVALID_ARGUMENT', `Parameter ${index + 1}: ${reason}.`)
