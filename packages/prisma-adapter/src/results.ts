import { type ColumnType, ColumnTypeEnum, type SqlResultSet } from '@prisma/driver-adapter-utils'
import type { Column, ResultSet, SqlValue } from '@sqlite-efs/database'
import { declaredColumnType } from './column-types.js'
import { PrismaSqliteEfsError } from './errors.js'

/** What is known of a statement's columns before it is run. */
interface Shape {
  names: string[]
  /** null where nothing is declared: an expression, or a type that Prisma does not know. */
  types: (ColumnType | null)[]
}

// The database hands out the same array for the same prepared statement.
const shapes = new WeakMap<readonly Column[], Shape>()

function shapeOf(columns: readonly Column[]): Shape {
  let shape = shapes.get(columns)
  if (shape === undefined) {
    shape = {
      names: columns.map(({ name }) => name),
      types: columns.map(({ declaredType }) => declaredColumnType(declaredType)),
    }
    shapes.set(columns, shape)
  }
  return shape
}

/**
 * A result as Prisma reads it: integers as numbers where nothing is lost, else as strings; DateTime as ISO text. The rows are
 * converted where they are, and are Prisma's from then on: copies of ten thousand rows would be what it costs most.
 *
 * @throws PrismaSqliteEfsError `P2023` for a number in a DateTime column that is no date
 */
export function toPrismaResult({ columns, rows }: ResultSet): SqlResultSet {
  const { names, types } = shapeOf(columns)
  const columnTypes = types.map((type, index) => columnType(type, index, rows))
  for (const row of rows as unknown[][]) {
    for (let index = 0; index < row.length; index++) {
      row[index] = toPrismaValue(row[index] as SqlValue, columnTypes[index]!, names[index]!)
    }
  }
  return { columnNames: [...names], columnTypes, rows }
}

function columnType(declared: ColumnType | null, index: number, rows: SqlValue[][]): ColumnType {
  // A bare number would be rounded: the whole column goes as Int64 then, whatever its declared size.
  if (declared === ColumnTypeEnum.Int32) return hasLargeInteger(index, rows) ? ColumnTypeEnum.Int64 : declared
  if (declared !== null) return declared
  const first = rows.find((row) => row[index] !== null)?.[index] ?? null
  switch (typeof first) {
    case 'string':
      return ColumnTypeEnum.Text
    case 'bigint':
      return hasLargeInteger(index, rows) ? ColumnTypeEnum.Int64 : ColumnTypeEnum.UnknownNumber
    case 'number':
      return ColumnTypeEnum.UnknownNumber
    default:
      return first === null ? ColumnTypeEnum.Int32 : ColumnTypeEnum.Bytes
  }
}

function hasLargeInteger(index: number, rows: SqlValue[][]): boolean {
  for (const row of rows) {
    const value = row[index]
    if (typeof value === 'bigint' && !Number.isSafeInteger(Number(value))) return true
  }
  return false
}

function toPrismaValue(value: SqlValue, type: ColumnType, name: string): unknown {
  switch (typeof value) {
    case 'bigint': {
      if (type === ColumnTypeEnum.Int64) return value.toString()
      const number = Number(value)
      if (type === ColumnTypeEnum.DateTime) return toIsoDate(number, name)
      return Number.isSafeInteger(number) ? number : value.toString()
    }
    case 'number':
      if (type === ColumnTypeEnum.DateTime) return toIsoDate(value, name)
      // SQLite keeps 2.5 in an INTEGER column as it is.
      return type === ColumnTypeEnum.Int32 || type === ColumnTypeEnum.Int64 ? Math.trunc(value) : value
    case 'string':
      return type === ColumnTypeEnum.DateTime && DATE_WITHOUT_ZONE.test(value) ? `${value.replace(' ', 'T')}Z` : value
    default:
      // Whatever the driver's class is, a raw query gives out plain bytes.
      return value && new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  }
}

/** As CURRENT_TIMESTAMP writes it, in UTC: JavaScript would take it for local time. */
const DATE_WITHOUT_ZONE = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?$/

function toIsoDate(epochMs: number, name: string): string {
  const date = new Date(epochMs)
  if (!Number.isNaN(date.getTime())) return date.toISOString()
  const cause = `column '${name}' holds ${epochMs}, which is no date in milliseconds since 1970`
  const message = `Inconsistent column data: ${cause}`
  throw new PrismaSqliteEfsError({
    code: 'P2023',
    message,
    meta: { column: name },
    kind: { kind: 'InconsistentColumnData', cause, originalMessage: message },
  })
}
