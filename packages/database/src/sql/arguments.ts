import { isDate, isUint8Array } from 'node:util/types'
import { DatabaseError } from '../contract/errors.js'
import type { SqlValue } from '../contract/values.js'

const MIN_INTEGER = -(2n ** 63n)
const MAX_INTEGER = 2n ** 63n - 1n

/**
 * Checks what is bound to a statement: libsql ends the whole process for a boolean, and stores NULL for what it does not
 * know. What comes back is a copy, bytes and all, of reads too: who waits for his turn must not see what the caller changes
 * meanwhile, and whether one will have to wait is not known yet.
 *
 * @throws DatabaseError `INVALID_ARGUMENT` naming the parameter
 */
export function checkedArguments(args: readonly unknown[]): readonly SqlValue[] {
  const checked: SqlValue[] = []
  // By index, so that a hole is met, too.
  for (let index = 0; index < args.length; index++) checked.push(checkedArgument(args[index], index))
  return checked
}

function checkedArgument(value: unknown, index: number): SqlValue {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
      if (Number.isFinite(value)) return value
      throw wrong(index, `${value} is not a number that SQLite can store`)
    case 'bigint':
      if (value >= MIN_INTEGER && value <= MAX_INTEGER) return value
      throw wrong(index, `${value} does not fit into 64 bits`)
    case 'object':
      if (value === null) return value
      if (isUint8Array(value)) return new Uint8Array(value)
  }
  throw wrong(
    index,
    `a ${isDate(value) ? 'Date' : typeof value} can't be stored; give null, a number, a bigint, a string, or a Uint8Array`,
  )
}

const wrong = (index: number, reason: string) =>
  new DatabaseError('INVALID_ARGUMENT', `Parameter ${index + 1}: ${reason}.`)
