import { ColumnTypeEnum } from '@prisma/driver-adapter-utils'
import type { SqlValue } from '@sqlite-efs/database'
import { describe, expect, test } from 'vitest'
import { toPrismaResult } from '../src/results.js'

function column(declaredType: string | null, ...values: SqlValue[]) {
  const columns = [{ name: 'c', declaredType }]
  const { columnTypes, rows } = toPrismaResult({ columns, rows: values.map((value) => [value]), changes: 0 })
  return { type: columnTypes[0], values: rows.map((row) => row[0]) }
}

const LARGE = 2n ** 53n

describe('a column of a declared type', () => {
  test.each([
    ['INTEGER', ColumnTypeEnum.Int32, 7n, 7],
    ['integer', ColumnTypeEnum.Int32, 7n, 7],
    ['INTEGER', ColumnTypeEnum.Int32, 2.9, 2],
    ['BIGINT', ColumnTypeEnum.Int64, 7n, '7'],
    ['BIGINT', ColumnTypeEnum.Int64, 2n ** 63n - 1n, '9223372036854775807'],
    ['BOOLEAN', ColumnTypeEnum.Boolean, 1n, 1],
    ['REAL', ColumnTypeEnum.Double, 1.5, 1.5],
    ['DECIMAL', ColumnTypeEnum.Numeric, 3n, 3],
    ['DECIMAL', ColumnTypeEnum.Numeric, LARGE, '9007199254740992'],
    ['TEXT', ColumnTypeEnum.Text, 'a', 'a'],
    ['JSONB', ColumnTypeEnum.Json, '{}', '{}'],
    ['BLOB', ColumnTypeEnum.Bytes, new Uint8Array([1]), new Uint8Array([1])],
    ['DATETIME', ColumnTypeEnum.DateTime, '2024-01-01 00:00:00', '2024-01-01T00:00:00Z'],
    ['DATETIME', ColumnTypeEnum.DateTime, '2024-01-01T00:00:00.5', '2024-01-01T00:00:00.5Z'],
    ['DATETIME', ColumnTypeEnum.DateTime, '2024-01-01T00:00', '2024-01-01T00:00Z'],
    ['DATETIME', ColumnTypeEnum.DateTime, '2024-01-01', '2024-01-01'],
    ['DATETIME', ColumnTypeEnum.DateTime, '2024-01-01 00:00:00+02:00', '2024-01-01 00:00:00+02:00'],
    ['TEXT', ColumnTypeEnum.Text, '2024-01-01 00:00:00', '2024-01-01 00:00:00'],
    ['TEXT', ColumnTypeEnum.Text, Buffer.from([1]), new Uint8Array([1])],
    ['DATETIME', ColumnTypeEnum.DateTime, 1709210096789n, '2024-02-29T12:34:56.789Z'],
    ['DATETIME', ColumnTypeEnum.DateTime, 1709210096789.5, '2024-02-29T12:34:56.789Z'],
    ['INTEGER', ColumnTypeEnum.Int32, null, null],
  ])('%s: %s', (declaredType, type, value, expected) => {
    expect(column(declaredType, value)).toEqual({ type, values: [expected] })
  })

  test('an INTEGER column with a value over 2^53 is an Int64', () => {
    expect(column('INTEGER', 1n, null, LARGE)).toEqual({ type: ColumnTypeEnum.Int64, values: ['1', null, `${LARGE}`] })
  })

  test('a number that is no date is refused, naming the column', () => {
    expect(() => column('DATETIME', LARGE)).toThrow(expect.objectContaining({ code: 'P2023' }))
    expect(() => column('DATETIME', LARGE)).toThrow("column 'c'")
  })
})

describe('an expression', () => {
  test.each([
    ['text', ColumnTypeEnum.Text, 'a', 'a'],
    ['integer', ColumnTypeEnum.UnknownNumber, 7n, 7],
    ['large integer', ColumnTypeEnum.Int64, LARGE, '9007199254740992'],
    ['real', ColumnTypeEnum.UnknownNumber, 1.5, 1.5],
    ['bytes', ColumnTypeEnum.Bytes, new Uint8Array([1]), new Uint8Array([1])],
    ['null', ColumnTypeEnum.Int32, null, null],
  ])('%s', (_, type, value, expected) => {
    expect(column(null, value)).toEqual({ type, values: [expected] })
    expect(column('VARCHAR(20)', value)).toEqual({ type, values: [expected] })
  })

  test('takes its type from the first value that is not null', () => {
    expect(column(null, null, null, 'a')).toEqual({ type: ColumnTypeEnum.Text, values: [null, null, 'a'] })
  })

  test('one large integer makes the whole column an Int64', () => {
    expect(column(null, 1n, LARGE)).toEqual({ type: ColumnTypeEnum.Int64, values: ['1', `${LARGE}`] })
  })
})

test('a statement that returns nothing has no columns', () => {
  expect(toPrismaResult({ columns: [], rows: [], changes: 1 })).toEqual({ columnNames: [], columnTypes: [], rows: [] })
})

test('two columns of one name stay two', () => {
  const columns = [
    { name: 'id', declaredType: 'INTEGER' },
    { name: 'id', declaredType: 'BIGINT' },
  ]
  expect(toPrismaResult({ columns, rows: [[1n, 2n]], changes: 0 })).toEqual({
    columnNames: ['id', 'id'],
    columnTypes: [ColumnTypeEnum.Int32, ColumnTypeEnum.Int64],
    rows: [[1, '2']],
  })
})
