import { type ColumnType, ColumnTypeEnum, type SqlResultSet } from '@prisma/driver-adapter-utils'
import type { ResultSet, SqlValue } from '@sqlite-efs/database'
import { inconsistent } from '../errors/inconsistent-data.js'
import { toDates } from './date-columns.js'
import { jsonbToText } from './jsonb.js'
import { AGGREGATE_OF_A_DATE, shapeOf } from './shape.js'

/** How integers of expressions come out of raw queries: see the option `intMode`. */
export type IntMode = 'number' | 'bigint' | 'string'

// What a column holds, as bits.
const INTEGER = 1
/** An integer that a JavaScript number would round. */
const LARGE = 2
const REAL = 4
const TEXT = 8
const BYTES = 16

/**
 * A result as Prisma reads it. An integer is a number, or a string where a number would round it: by its value alone, whatever
 * its column declares and whatever other rows hold. With `intMode: 'string'` every integer is a string. Prisma joins relations by the JavaScript value of their keys, and an id is
 * often declared otherwise than its foreign key. The column types matter to raw queries only.
 *
 * The rows are converted where they are, and are Prisma's from then on: copies of ten thousand rows would cost the most.
 *
 * @throws PrismaSqliteEfsError `P2023` for a value in a date column that is no date, and for bytes in a Json column that are no JSON
 */
export function toPrismaResult({ columns, rows }: ResultSet, intMode: IntMode = 'number'): SqlResultSet {
  const { names, types } = shapeOf(columns)
  const columnTypes = types.map((type, index) => convertColumn(rows, index, names[index]!, type, intMode))
  return { columnNames: [...names], columnTypes, rows }
}

function convertColumn(
  rows: unknown[][],
  index: number,
  name: string,
  declared: ColumnType | null,
  intMode: IntMode,
): ColumnType {
  const asText = intMode === 'string'
  switch (declared) {
    case ColumnTypeEnum.DateTime:
    case ColumnTypeEnum.Date:
    case ColumnTypeEnum.Time:
      return toDates(rows, index, name, declared)
    case ColumnTypeEnum.Json:
      toJson(rows, index, name)
      return declared
    case ColumnTypeEnum.Int32:
    case ColumnTypeEnum.Int64: {
      const held = toScalars(rows, index, asText)
      // SQLite keeps 2.5 in an INTEGER column as it is.
      if (held & REAL) truncate(rows, index)
      return integerType(declared, held)
    }
    case ColumnTypeEnum.Boolean:
      return fitting(rows, index, declared, toScalars(rows, index, false))
    case null:
      // Prisma's aggregate of a date that is stored as a number: Prisma reads no date from a text of digits.
      if (AGGREGATE_OF_A_DATE.test(name)) return expressionType(toScalars(rows, index, false), 'number')
      return expressionType(toScalars(rows, index, asText), intMode)
    default:
      return fitting(rows, index, declared, toScalars(rows, index, asText))
  }
}

/** Converts what Prisma does not take as it is, and returns what the column holds. */
function toScalars(rows: unknown[][], index: number, integersAsText: boolean): number {
  let held = 0
  for (const row of rows) {
    const value = row[index] as SqlValue
    switch (typeof value) {
      case 'bigint': {
        const number = Number(value)
        if (Number.isSafeInteger(number)) {
          row[index] = integersAsText ? String(number) : number
          held |= INTEGER
        } else {
          row[index] = value.toString()
          held |= LARGE
        }
        break
      }
      case 'number':
        held |= REAL
        break
      case 'string':
        held |= TEXT
        break
      default:
        if (value === null) break
        // Whatever the driver's class is, a raw query gives out plain bytes.
        row[index] = new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
        held |= BYTES
    }
  }
  return held
}

function truncate(rows: unknown[][], index: number): void {
  for (const row of rows) {
    const value = row[index]
    if (typeof value === 'number') row[index] = Math.trunc(value)
  }
}

function integerType(declared: ColumnType, held: number): ColumnType {
  // A raw query would get NaN of a text, and would end at bytes with an error of no code.
  if (held & (TEXT | BYTES)) return ColumnTypeEnum.Text
  // A bare number would be rounded: the whole column goes as Int64 then, whatever its declared size.
  return held & LARGE ? ColumnTypeEnum.Int64 : declared
}

function expressionType(held: number, intMode: IntMode): ColumnType {
  switch (held) {
    case 0:
      return ColumnTypeEnum.Int32
    case INTEGER:
      if (intMode === 'number') return ColumnTypeEnum.UnknownNumber
      return intMode === 'bigint' ? ColumnTypeEnum.Int64 : ColumnTypeEnum.Text
    case LARGE:
    case INTEGER | LARGE:
      return intMode === 'string' ? ColumnTypeEnum.Text : ColumnTypeEnum.Int64
    case BYTES:
      return ColumnTypeEnum.Bytes
    default:
      // Prisma gives out the values of these two types as they are, so that nothing of a mixture is lost.
      return held & (TEXT | BYTES) ? ColumnTypeEnum.Text : ColumnTypeEnum.UnknownNumber
  }
}

/** The declared type, or Text where a raw query would make something else of what is there: Prisma gives that out as it is. */
function fitting(rows: unknown[][], index: number, declared: ColumnType, held: number): ColumnType {
  switch (declared) {
    case ColumnTypeEnum.Bytes:
      return held & ~BYTES ? ColumnTypeEnum.Text : declared
    case ColumnTypeEnum.Numeric:
      if (held & BYTES) return ColumnTypeEnum.Text
      return held & TEXT && !everyText(rows, index, DECIMAL) ? ColumnTypeEnum.Text : declared
    case ColumnTypeEnum.Boolean:
      if (held & BYTES) return ColumnTypeEnum.Text
      return held & TEXT && !everyText(rows, index, BOOLEAN) ? ColumnTypeEnum.Text : declared
    default:
      return declared
  }
}

const DECIMAL = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i
const BOOLEAN = /^(?:true|false|[01])$/

const everyText = (rows: unknown[][], index: number, pattern: RegExp) =>
  rows.every((row) => typeof row[index] !== 'string' || pattern.test(row[index]))

/** A Json column has the affinity NUMERIC: SQLite keeps the JSON text `5` as an integer. */
function toJson(rows: unknown[][], index: number, name: string): void {
  for (const row of rows) {
    const value = row[index] as SqlValue
    if (value === null || typeof value === 'string') continue
    row[index] = typeof value === 'object' ? fromJsonb(value, name) : jsonNumber(value)
  }
}

/** SQLite made Infinity of a JSON number with a large exponent, and JSON has no word for it. */
const jsonNumber = (value: number | bigint) =>
  typeof value === 'bigint' || Number.isFinite(value) ? String(value) : value > 0 ? '1e999' : '-1e999'

function fromJsonb(bytes: Uint8Array, name: string): string {
  try {
    return jsonbToText(bytes)
  } catch (error) {
    const held = `column '${name}' holds ${bytes.byteLength} bytes, which are neither JSON text nor SQLite's JSONB`
    throw inconsistent(name, `${held}; a raw query reads them by hex("${name}")`, error)
  }
}
