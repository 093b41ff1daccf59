import { type ColumnType, ColumnTypeEnum } from '@prisma/driver-adapter-utils'
import type { SqlValue } from '@sqlite-efs/database'
import { inconsistent } from '../errors/inconsistent-data.js'
import { readableDateText } from './date-text.js'

/** A time of day that Prisma's two readers understand in a column of type Time. */
const TIME_OF_DAY = /^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?$/

/**
 * Makes dates of a column that Prisma can read: ISO texts. Without that, model queries would give out an Invalid Date, and raw
 * queries one too, or the right time in the wrong zone.
 *
 * @returns the type by which raw queries make a Date of each
 * @throws PrismaSqliteEfsError `P2023` for what is no date, naming the column and the value
 */
export function toDates(rows: unknown[][], index: number, name: string, declared: ColumnType): ColumnType {
  if (declared === ColumnTypeEnum.Time && rows.every((row) => isTimeOfDay(row[index]))) return declared
  for (const row of rows) {
    const value = row[index] as SqlValue
    if (value !== null) row[index] = toIsoDate(value, name)
  }
  // A column of type Time may hold whole dates: Prisma writes each DateTime as one.
  return declared === ColumnTypeEnum.Time ? ColumnTypeEnum.DateTime : declared
}

const isTimeOfDay = (value: unknown) => value === null || (typeof value === 'string' && TIME_OF_DAY.test(value))

function toIsoDate(value: NonNullable<SqlValue>, name: string): string {
  switch (typeof value) {
    case 'string': {
      const text = readableDateText(value)
      if (text !== null) return text
      const shown = JSON.stringify(value.length > 50 ? `${value.slice(0, 50)}…` : value)
      throw inconsistent(name, `column '${name}' holds ${shown}, which can't be read as a date; ${asText(name)}`)
    }
    case 'object': {
      const held = `column '${name}' holds ${value.byteLength} bytes, which are no date`
      throw inconsistent(name, `${held}; ${asText(name)}`)
    }
    default: {
      const date = new Date(Number(value))
      if (!Number.isNaN(date.getTime())) return date.toISOString()
      const held = `column '${name}' holds ${value}, which is no date in milliseconds since 1970`
      throw inconsistent(name, `${held}; ${asText(name)}`)
    }
  }
}

const asText = (name: string) => `a raw query reads it by CAST("${name}" AS TEXT)`
