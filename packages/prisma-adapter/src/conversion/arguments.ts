import { isAnyArrayBuffer, isDate, isUint8Array } from 'node:util/types'
import type { ArgType, SqlQuery } from '@prisma/driver-adapter-utils'
import type { SqlValue } from '@sqlite-efs/database'
import { PrismaSqliteEfsError } from '../errors/errors.js'

/** How a DateTime is stored: see the option `timestampFormat`. */
export type TimestampFormat = 'iso8601' | 'unixepoch-ms'

const MIN_INT64 = -(2n ** 63n)
const MAX_INT64 = 2n ** 63n - 1n

/**
 * The parameters of a query as SQLite takes them. A value that SQLite can't store is refused here, before anything runs.
 *
 * @throws PrismaSqliteEfsError `P2007`, `P2020`
 */
export function toSqlValues({ args, argTypes }: SqlQuery, timestampFormat: TimestampFormat): SqlValue[] {
  const values: SqlValue[] = []
  for (let index = 0; index < args.length; index++) {
    values.push(toSqlValue(args[index], argTypes[index], timestampFormat, index + 1))
  }
  return values
}

function toSqlValue(arg: unknown, type: ArgType | undefined, format: TimestampFormat, position: number): SqlValue {
  switch (typeof arg) {
    case 'string':
      return fromString(arg, type, format, position)
    case 'boolean':
      return arg ? 1n : 0n
    case 'bigint':
      return int64(arg, position)
    case 'number':
      return fromNumber(arg, type, position)
    case 'object':
      if (arg === null) return null
      // Not instanceof: a test environment like jsdom, and a vm context, have classes that are not this module's.
      if (isUint8Array(arg)) return arg
      if (isAnyArrayBuffer(arg)) return new Uint8Array(arg)
      if (isDate(arg)) return fromDate(arg, format, position)
      if (Array.isArray(arg)) throw invalid(position, 'a list', 'in raw SQL, expand it with Prisma.join()')
      throw invalid(position, `an object`, 'SQLite stores JSON as text: use JSON.stringify()')
    default:
      throw invalid(position, arg === undefined ? 'undefined' : `a ${typeof arg}`, 'use null where there is no value')
  }
}

function fromNumber(value: number, type: ArgType | undefined, position: number): SqlValue {
  if (!Number.isFinite(value)) throw invalid(position, String(value), 'SQLite stores finite numbers only')
  // libsql binds every JavaScript number as REAL, which SQLite keeps as 1.0 where no declared type says otherwise. In raw SQL
  // Prisma calls every number a decimal.
  return type?.scalarType !== 'float' && Number.isSafeInteger(value) ? BigInt(value) : value
}

function fromString(value: string, type: ArgType | undefined, format: TimestampFormat, position: number): SqlValue {
  switch (type?.scalarType) {
    case 'bigint':
      if (!/^[-+]?\d+$/.test(value)) throw invalid(position, excerpt(value), 'a BigInt was expected')
      return int64(BigInt(value), position)
    case 'decimal': {
      const number = value.trim() === '' ? Number.NaN : Number(value)
      // SQLite keeps such a whole number exactly, and a JavaScript number would round it.
      if (!Number.isSafeInteger(number) && /^[-+]?\d+$/.test(value) && isInt64(BigInt(value))) return BigInt(value)
      if (!Number.isFinite(number)) throw invalid(position, excerpt(value), 'a finite decimal was expected')
      return number
    }
    case 'datetime':
      return fromDate(new Date(value), format, position)
    case 'bytes':
      return Buffer.from(value, 'base64')
    default:
      if (value.includes('\0')) {
        throw invalid(
          position,
          'a text with a NUL in it',
          'SQLite would give back no more than stands before it: use Bytes',
        )
      }
      return value
  }
}

function fromDate(date: Date, format: TimestampFormat, position: number): SqlValue {
  if (Number.isNaN(date.getTime())) throw invalid(position, 'an invalid date', 'a DateTime was expected')
  return format === 'unixepoch-ms' ? BigInt(date.getTime()) : date.toISOString().replace('Z', '+00:00')
}

const isInt64 = (value: bigint) => value >= MIN_INT64 && value <= MAX_INT64

function int64(value: bigint, position: number): bigint {
  if (isInt64(value)) return value
  const cause = `parameter ${position} is ${value}; SQLite's integers go from ${MIN_INT64} to ${MAX_INT64}`
  const message = `Value out of range for the type: ${cause}`
  throw new PrismaSqliteEfsError({
    code: 'P2020',
    message,
    meta: { parameter: position },
    kind: { kind: 'ValueOutOfRange', cause, originalMessage: message },
  })
}

const excerpt = (text: string) => JSON.stringify(text.length > 50 ? `${text.slice(0, 50)}…` : text)

function invalid(position: number, what: string, hint: string): PrismaSqliteEfsError {
  const message = `parameter ${position} is ${what}; ${hint}`
  return new PrismaSqliteEfsError({
    code: 'P2007',
    message: `Invalid input value: ${message}`,
    meta: { parameter: position },
    kind: { kind: 'InvalidInputValue', message, originalMessage: message },
  })
}
