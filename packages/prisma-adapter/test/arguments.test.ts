import { createContext, runInContext } from 'node:vm'
import type { ArgScalarType } from '@prisma/driver-adapter-utils'
import { describe, expect, test } from 'vitest'
import { type TimestampFormat, toSqlValues } from '../src/conversion/arguments.js'
import { PrismaSqliteEfsError } from '../src/errors/errors.js'

function toSqlValue(arg: unknown, scalarType: ArgScalarType = 'unknown', format: TimestampFormat = 'iso8601') {
  return toSqlValues({ sql: '', args: [arg], argTypes: [{ scalarType, arity: 'scalar' }] }, format)[0]
}

function refusal(arg: unknown, scalarType?: ArgScalarType): PrismaSqliteEfsError {
  try {
    toSqlValue(arg, scalarType)
  } catch (error) {
    if (error instanceof PrismaSqliteEfsError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('a parameter', () => {
  test('whole numbers are stored as INTEGER', () => {
    expect(toSqlValue(7, 'int')).toBe(7n)
    expect(toSqlValue(-7, 'decimal')).toBe(-7n)
    expect(toSqlValue(2 ** 53 - 1, 'unknown')).toBe(9007199254740991n)
  })

  test('floats, and numbers that are not whole, are stored as REAL', () => {
    expect(toSqlValue(7, 'float')).toBe(7)
    expect(toSqlValue(1.5, 'decimal')).toBe(1.5)
    expect(toSqlValue(2 ** 60, 'decimal')).toBe(2 ** 60)
    expect(toSqlValue('1.50', 'decimal')).toBe(1.5)
    expect(toSqlValue('-3', 'decimal')).toBe(-3)
  })

  test('booleans are 1 and 0', () => {
    expect(toSqlValue(true, 'boolean')).toBe(1n)
    expect(toSqlValue(false)).toBe(0n)
  })

  test('BigInts keep every digit', () => {
    expect(toSqlValue('9223372036854775807', 'bigint')).toBe(2n ** 63n - 1n)
    expect(toSqlValue('-9223372036854775808', 'bigint')).toBe(-(2n ** 63n))
    expect(toSqlValue(5n)).toBe(5n)
  })

  test('dates go as the option says', () => {
    const at = '2024-02-29T12:34:56.789Z'
    expect(toSqlValue(at, 'datetime')).toBe('2024-02-29T12:34:56.789+00:00')
    expect(toSqlValue(new Date(at))).toBe('2024-02-29T12:34:56.789+00:00')
    expect(toSqlValue(at, 'datetime', 'unixepoch-ms')).toBe(1709210096789n)
    expect(toSqlValue(new Date(at), 'unknown', 'unixepoch-ms')).toBe(1709210096789n)
  })

  test('bytes', () => {
    expect(toSqlValue('AAEC/w==', 'bytes')).toEqual(Buffer.from([0, 1, 2, 255]))
    expect(toSqlValue(new Uint8Array([1]))).toEqual(new Uint8Array([1]))
    expect(toSqlValue(new Uint8Array([1, 2]).buffer)).toEqual(new Uint8Array([1, 2]))
  })

  test('of another realm is what it is', () => {
    const other = (code: string): unknown => runInContext(code, createContext({}))
    const bytes = other('new Uint8Array([1, 2])')
    expect(toSqlValue(bytes)).toBe(bytes)
    expect(toSqlValue(other('new Uint8Array([1, 2]).buffer'))).toEqual(new Uint8Array([1, 2]))
    expect(toSqlValue(new SharedArrayBuffer(2))).toEqual(new Uint8Array(2))
    expect(toSqlValue(other('new Date(0)'))).toBe('1970-01-01T00:00:00.000+00:00')
    expect(toSqlValue(other('new Date(0)'), 'unknown', 'unixepoch-ms')).toBe(0n)
  })

  test('that is a whole decimal keeps every digit that SQLite can keep', () => {
    expect(toSqlValue('9007199254740993', 'decimal')).toBe(9007199254740993n)
    expect(toSqlValue('-9223372036854775808', 'decimal')).toBe(-(2n ** 63n))
    expect(toSqlValue('9223372036854775808', 'decimal')).toBe(2 ** 63)
  })

  test.each(['string', 'json', 'uuid', 'enum', 'unknown', 'int'] as const)('a text of type %s stays a text', (type) => {
    expect(toSqlValue('2024-01-01', type)).toBe('2024-01-01')
  })

  test('without a type goes by its value', () => {
    const args = ['2024-01-01', 7, 1.5, null]
    expect(toSqlValues({ sql: '', args, argTypes: [] }, 'iso8601')).toEqual(['2024-01-01', 7n, 1.5, null])
  })

  test('null is null, of every type', () => {
    expect(toSqlValue(null, 'datetime')).toBeNull()
  })

  test.each([
    [undefined, 'unknown', 'undefined'],
    [Number.NaN, 'float', 'NaN'],
    [Number.POSITIVE_INFINITY, 'float', 'Infinity'],
    [{ a: 1 }, 'json', 'JSON.stringify'],
    [[1, 2], 'unknown', 'Prisma.join'],
    [Symbol('s'), 'unknown', 'symbol'],
    [() => 1, 'unknown', 'function'],
    ['1.5', 'bigint', 'BigInt'],
    ['', 'bigint', 'BigInt'],
    ['NaN', 'decimal', 'NaN'],
    ['Infinity', 'decimal', 'Infinity'],
    ['', 'decimal', 'decimal'],
    [' ', 'decimal', 'decimal'],
    ['yesterday', 'datetime', 'date'],
    ['a\0b', 'string', 'NUL'],
    ['9'.repeat(400), 'decimal', '9…"'],
    [new Date(Number.NaN), 'datetime', 'date'],
  ] as const)('%s as %s is refused, naming the parameter', (arg, type, words) => {
    const error = refusal(arg, type)
    expect(error).toMatchObject({ code: 'P2007', meta: { parameter: 1 }, cause: { kind: 'InvalidInputValue' } })
    expect(error.message).toContain('parameter 1')
    expect(error.message).toContain(words)
    expect(error.message.length).toBeLessThan(200)
  })

  test.each([
    ['9223372036854775808', 'bigint'],
    ['-9223372036854775809', 'bigint'],
    [2n ** 64n, 'unknown'],
  ] as const)('%s is out of range', (arg, type) => {
    expect(refusal(arg, type)).toMatchObject({
      code: 'P2020',
      meta: { parameter: 1 },
      cause: { kind: 'ValueOutOfRange' },
    })
  })
})
