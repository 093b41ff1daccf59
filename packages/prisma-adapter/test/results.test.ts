import { ColumnTypeEnum } from '@prisma/driver-adapter-utils'
import type { SqlValue } from '@sqlite-efs/database'
import { describe, expect, test } from 'vitest'
import { type IntMode, toPrismaResult } from '../src/conversion/results.js'

const column = (declaredType: string | null, ...values: SqlValue[]) => columnIn('number', declaredType, ...values)

function columnIn(intMode: IntMode, declaredType: string | null, ...values: SqlValue[]) {
  const columns = [{ name: 'c', declaredType }]
  const result = toPrismaResult({ columns, rows: values.map((value) => [value]), changes: 0 }, intMode)
  const { columnTypes, rows } = result
  return { type: columnTypes[0], values: rows.map((row) => row[0]) }
}

const LARGE = 2n ** 53n

describe('a column of a declared type', () => {
  test.each([
    ['INTEGER', ColumnTypeEnum.Int32, 7n, 7],
    ['integer', ColumnTypeEnum.Int32, 7n, 7],
    ['INTEGER', ColumnTypeEnum.Int32, 2.9, 2],
    ['BIGINT', ColumnTypeEnum.Int64, 7n, 7],
    ['BIGINT', ColumnTypeEnum.Int64, -(2n ** 53n), '-9007199254740992'],
    ['BIGINT', ColumnTypeEnum.Int64, 2n ** 63n - 1n, '9223372036854775807'],
    ['BOOLEAN', ColumnTypeEnum.Boolean, 1n, 1],
    ['REAL', ColumnTypeEnum.Double, 1.5, 1.5],
    ['DECIMAL', ColumnTypeEnum.Numeric, 3n, 3],
    ['DECIMAL', ColumnTypeEnum.Numeric, LARGE, '9007199254740992'],
    ['TEXT', ColumnTypeEnum.Text, 'a', 'a'],
    ['JSONB', ColumnTypeEnum.Json, '{}', '{}'],
    ['BLOB', ColumnTypeEnum.Bytes, new Uint8Array([1]), new Uint8Array([1])],
    ['TEXT', ColumnTypeEnum.Text, '2024-01-01 00:00:00', '2024-01-01 00:00:00'],
    ['TEXT', ColumnTypeEnum.Text, Buffer.from([1]), new Uint8Array([1])],
    ['DATETIME', ColumnTypeEnum.DateTime, 1709210096789n, '2024-02-29T12:34:56.789Z'],
    ['DATETIME', ColumnTypeEnum.DateTime, 1709210096789.5, '2024-02-29T12:34:56.789Z'],
    ['DATETIME', ColumnTypeEnum.DateTime, '12:34:56', '1970-01-01T12:34:56.000Z'],
    ['DATE', ColumnTypeEnum.Date, '2024-02-29', '2024-02-29'],
    ['DATETIME', ColumnTypeEnum.DateTime, null, null],
    ['INTEGER', ColumnTypeEnum.Int32, null, null],
  ])('%s: %s', (declaredType, type, value, expected) => {
    expect(column(declaredType, value)).toEqual({ type, values: [expected] })
  })

  test('an INTEGER column with a value over 2^53 is an Int64', () => {
    expect(column('INTEGER', 1n, null, LARGE)).toEqual({ type: ColumnTypeEnum.Int64, values: [1, null, `${LARGE}`] })
  })

  test('a fraction in an INTEGER column is cut off, and what is beside it stays as it is', () => {
    expect(column('INTEGER', -2.9, null, 'abc', LARGE).values).toEqual([-2, null, 'abc', `${LARGE}`])
  })

  const decimals = ['7', '1.50', '-3', '+.125', '12.', '1e10', '2E-05', '12345678901234567890.5']
  test.each([
    ['DECIMAL', ColumnTypeEnum.Numeric, decimals],
    ['BOOLEAN', ColumnTypeEnum.Boolean, ['true', 'false', '0', '1']],
  ])(
    '%s, with texts that Prisma reads as such: they stay, beside values of another kind',
    (declaredType, type, texts) => {
      for (const text of texts) {
        expect(column(declaredType, null, 1n, text)).toEqual({ type, values: [null, 1, text] })
      }
    },
  )

  test.each([
    ['DECIMAL', ['', '.', 'x1', '1x', '1.5.2', '1e', '1e5x', '--1']],
    ['BOOLEAN', ['', 'TRUE', 'untrue', 'falsehood', '2', '10']],
  ])('%s, with a text that only looks like one: Prisma is given it as it is', (declaredType, texts) => {
    for (const text of texts) {
      expect(column(declaredType, text)).toEqual({ type: ColumnTypeEnum.Text, values: [text] })
    }
  })

  test.each(['INTEGER', 'BIGINT', 'DECIMAL', 'BOOLEAN', 'BLOB'])(
    '%s, with a text that is none: Prisma is given a type that leaves everything as it is',
    (declaredType) => {
      expect(column(declaredType, 1n, 'abc', null)).toEqual({ type: ColumnTypeEnum.Text, values: [1, 'abc', null] })
    },
  )

  test.each(['INTEGER', 'BIGINT', 'DECIMAL', 'BOOLEAN'])('%s, with bytes: the same', (declaredType) => {
    const bytes = new Uint8Array([1])
    expect(column(declaredType, 1n, bytes)).toEqual({ type: ColumnTypeEnum.Text, values: [1, bytes] })
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
    expect(column(null, 1n, LARGE)).toEqual({ type: ColumnTypeEnum.Int64, values: [1, `${LARGE}`] })
  })

  test.each([
    ['an integer and a real', [1n, 2.5], [1, 2.5], ColumnTypeEnum.UnknownNumber],
    ['a large integer and a real', [LARGE, 2.5], [`${LARGE}`, 2.5], ColumnTypeEnum.UnknownNumber],
    ['an integer and a text', [1n, 'a'], [1, 'a'], ColumnTypeEnum.Text],
    ['bytes and a text', [new Uint8Array([1]), 'a'], [new Uint8Array([1]), 'a'], ColumnTypeEnum.Text],
  ])('of %s loses nothing of either', (_, values, expected, type) => {
    expect(column(null, ...values)).toEqual({ type, values: expected })
    expect(columnIn('bigint', null, ...values)).toEqual({ type, values: expected })
    expect(columnIn('number', null, ...values.toReversed())).toEqual({ type, values: expected.toReversed() })
  })
})

describe('intMode', () => {
  test.each([
    ['number', ColumnTypeEnum.UnknownNumber, 7],
    ['bigint', ColumnTypeEnum.Int64, 7],
    ['string', ColumnTypeEnum.Text, '7'],
  ] as const)('%s decides for an expression', (intMode, type, expected) => {
    expect(columnIn(intMode, null, 7n, null)).toEqual({ type, values: [expected, null] })
  })

  test.each([
    ['number', ColumnTypeEnum.Int64],
    ['bigint', ColumnTypeEnum.Int64],
    ['string', ColumnTypeEnum.Text],
  ] as const)('%s keeps every digit of a large integer', (intMode, type) => {
    expect(columnIn(intMode, null, LARGE)).toEqual({ type, values: [`${LARGE}`] })
  })

  test.each(['number', 'bigint', 'string'] as const)('%s leaves the types of declared columns', (intMode) => {
    expect(columnIn(intMode, 'INTEGER', 7n).type).toBe(ColumnTypeEnum.Int32)
    expect(columnIn(intMode, 'BIGINT', 7n).type).toBe(ColumnTypeEnum.Int64)
    expect(columnIn(intMode, 'BOOLEAN', 1n)).toEqual({ type: ColumnTypeEnum.Boolean, values: [1] })
    expect(columnIn(intMode, 'DATETIME', 0n)).toEqual({
      type: ColumnTypeEnum.DateTime,
      values: ['1970-01-01T00:00:00.000Z'],
    })
  })

  test('string makes each integer a text, in declared columns too, so that keys compare', () => {
    expect(columnIn('string', 'INTEGER', 7n).values).toEqual(['7'])
    expect(columnIn('string', 'BIGINT', 7n).values).toEqual(['7'])
    expect(columnIn('string', 'DECIMAL', 7n).values).toEqual(['7'])
  })

  test('string leaves Prisma’s aggregate of a date a number', () => {
    const columns = [{ name: '_max$at', declaredType: null }]
    const { rows } = toPrismaResult({ columns, rows: [[1709210096789n]], changes: 0 }, 'string')
    expect(rows).toEqual([[1709210096789]])
  })
})

describe('a column of type TIME', () => {
  test('keeps times of day', () => {
    expect(column('TIME', '12:34:56', null)).toEqual({ type: ColumnTypeEnum.Time, values: ['12:34:56', null] })
  })

  test.each(['00:00:00', '19:59:59', '23:59:59', '12:34:56.5', '12:34:56.789'])('keeps %s', (time) => {
    expect(column('TIME', time)).toEqual({ type: ColumnTypeEnum.Time, values: [time] })
  })

  test.each([
    ['12:34', '1970-01-01T12:34:00.000Z'],
    ['12:34:56+02:00', '1970-01-01T10:34:56.000Z'],
    ['24:00:00', '1970-01-02T00:00:00.000Z'],
    ['2024-01-01 12:34:56', '2024-01-01T12:34:56.000Z'],
  ])('with %s, which Prisma would read otherwise, is read as dates', (text, expected) => {
    expect(column('TIME', text)).toEqual({ type: ColumnTypeEnum.DateTime, values: [expected] })
  })

  test('with another value is read as dates, of which a time of day is on 1970-01-01', () => {
    expect(column('TIME', '12:34:56', '2024-01-01T00:00:00.000+00:00', 0n)).toEqual({
      type: ColumnTypeEnum.DateTime,
      values: ['1970-01-01T12:34:56.000Z', '2024-01-01T00:00:00.000+00:00', '1970-01-01T00:00:00.000Z'],
    })
  })
})

describe('a date column', () => {
  const refused: [string, SqlValue][] = [
    ['a text that is no date', 'garbage'],
    ['a long text', 'x'.repeat(10_000)],
    ['bytes', new Uint8Array([1])],
    ['a number beyond the last Date', 2n ** 60n],
  ]
  test.each(refused)('with %s is P2023, and says so in few words', (_, value) => {
    const read = () => column('DATETIME', value)
    expect(read).toThrow(expect.objectContaining({ code: 'P2023' }))
    expect(read).toThrow(/^.{1,300}CAST\("c" AS TEXT\)$/)
  })
})

describe('a Json column', () => {
  test.each<[SqlValue, string | null]>([
    ['{"a": 1}', '{"a": 1}'],
    [null, null],
    [5n, '5'],
    [2n ** 60n, '1152921504606846976'],
    [-1.5, '-1.5'],
    [0, '0'],
    [Number.POSITIVE_INFINITY, '1e999'],
    [Number.NEGATIVE_INFINITY, '-1e999'],
    // jsonb('[1,true]')
    [new Uint8Array([0x3b, 0x13, 0x31, 0x01]), '[1,true]'],
  ])('gives %s as JSON text', (value, expected) => {
    expect(column('JSONB', value)).toEqual({ type: ColumnTypeEnum.Json, values: [expected] })
  })

  test('with bytes that are no JSON is P2023, which names the column', () => {
    const read = () => column('JSONB', new Uint8Array([0xff]))
    expect(read).toThrow(expect.objectContaining({ code: 'P2023' }))
    expect(read).toThrow("column 'c' holds 1 bytes")
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
    rows: [[1, 2]],
  })
})
