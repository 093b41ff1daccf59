import { PrismaLibSql } from '@prisma/adapter-libsql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PrismaClient } from './generated/prisma/client.js'
import { Workbench } from './support/clients.js'

const MODES = ['number', 'bigint', 'string'] as const
/** What npm has of better-sqlite3 with its native part needs Node 22. */
const hasBetterSqlite3 = Number.parseInt(process.versions.node, 10) >= 22

/** Every type that Prisma's adapters know, some in the words of other tools, and some that they don't know. */
const TYPES =
  `INTEGER, INT, BIGINT, UNSIGNED BIG INT, INT8, SMALLINT, TINYINT, MEDIUMINT, INT2, SERIAL, DECIMAL, NUMERIC, REAL, DOUBLE,
  DOUBLE PRECISION, FLOAT, BOOLEAN, TEXT, VARCHAR, INTEGER UNSIGNED, VARCHAR(20), CLOB, DECIMAL(10)`.split(/,\s+/)

const EXPRESSIONS = [
  'count(*)',
  'sum(a)',
  'max(a)',
  'min(a)',
  'avg(a)',
  'total(a)',
  'length(a)',
  'a + 1',
  'CASE WHEN a > 0 THEN 1 ELSE 0 END',
  'CAST(a AS INTEGER)',
  'CAST(a AS TEXT)',
  'a IS NULL',
  'coalesce(a, 0)',
  'typeof(a)',
  "x'0102'",
  'NULL',
]

let bench: Workbench

beforeAll(async () => {
  bench = await new Workbench().migrate()
  const prisma = bench.ours()
  for (const type of TYPES) {
    await prisma.$executeRawUnsafe(`CREATE TABLE "of ${type}" (a ${type}, b ${type})`)
    await prisma.$executeRawUnsafe(`INSERT INTO "of ${type}" VALUES (1, NULL), (0, NULL), (NULL, NULL), (-7, 1)`)
  }
  await prisma.$disconnect()
})

afterAll(() => bench[Symbol.asyncDispose]())

const all = (prisma: PrismaClient, type: string) => prisma.$queryRawUnsafe(`SELECT a, b FROM "of ${type}"`)
const expression = (prisma: PrismaClient, sql: string) => prisma.$queryRawUnsafe(`SELECT ${sql} AS v FROM "of BIGINT"`)

describe.each(MODES)('$queryRaw with intMode %s gives what @prisma/adapter-libsql gives', (intMode) => {
  const ours = () => bench.ours({ intMode })
  const official = () => bench.client(new PrismaLibSql({ url: `file:${bench.file}`, intMode }))

  // In the mode bigint it gives the integers of a NUMERIC column as texts, beside reals as numbers; see below.
  const types = TYPES.filter((type) => intMode !== 'bigint' || type !== 'NUMERIC')
  test.each(types)('of a column of type %s', async (type) => {
    expect(await all(ours(), type)).toEqual(await all(official(), type))
  })

  test.each(EXPRESSIONS)('of %s', async (sql) => {
    expect(await expression(ours(), sql)).toEqual(await expression(official(), sql))
  })
})

describe.skipIf(!hasBetterSqlite3)('with intMode bigint gives what @prisma/adapter-better-sqlite3 gives', () => {
  const ours = () => bench.ours({ intMode: 'bigint' })
  const official = async () => {
    const { PrismaBetterSqlite3 } = await import('@prisma/adapter-better-sqlite3')
    return bench.client(new PrismaBetterSqlite3({ url: `file:${bench.file}` }))
  }

  test.each(TYPES)('of a column of type %s', async (type) => {
    expect(await all(ours(), type)).toEqual(await all(await official(), type))
  })

  // It fails at bytes of an expression.
  test.each(EXPRESSIONS.filter((sql) => !sql.startsWith('x')))('of %s', async (sql) => {
    expect(await expression(ours(), sql)).toEqual(await expression(await official(), sql))
  })
})

describe('$queryRaw beyond the official adapters', () => {
  const raw = (intMode: (typeof MODES)[number], sql: string) => bench.ours({ intMode }).$queryRawUnsafe(sql)

  test.each(MODES)('with intMode %s keeps every digit of an integer beyond 2^53', async (intMode) => {
    const large = 2n ** 53n + 1n
    const text = intMode === 'string'
    const sql = (type: string) => `SELECT CAST(a AS ${type}) AS v FROM (SELECT ${large} AS a UNION ALL SELECT 1 AS a)`
    expect(await raw(intMode, sql('INTEGER'))).toEqual([{ v: text ? `${large}` : large }, { v: text ? '1' : 1n }])
    await bench.ours().$executeRawUnsafe(`CREATE TABLE "large ${intMode}" (a INTEGER, b BIGINT, c DECIMAL)`)
    await bench.ours().$executeRawUnsafe(`INSERT INTO "large ${intMode}" VALUES (${large}, ${large}, ${large})`)
    const [row] = (await raw(intMode, `SELECT * FROM "large ${intMode}"`)) as { a: bigint; b: bigint; c: object }[]
    expect([row!.a, row!.b, row!.c.toString()]).toEqual([large, large, `${large}`])
  })

  test('gives the integers of a NUMERIC column as numbers in the mode bigint, as its reals', async () => {
    await bench.ours().$executeRawUnsafe('CREATE TABLE "mixed" (a NUMERIC)')
    await bench.ours().$executeRawUnsafe('INSERT INTO "mixed" VALUES (1), (2.5)')
    expect(await raw('bigint', 'SELECT a FROM "mixed"')).toEqual([{ a: 1 }, { a: 2.5 }])
  })

  test.each([
    ['1', '2.5', 1, 2.5],
    ['2.5', '1', 2.5, 1],
    ['1', "'x'", 1, 'x'],
    ["'x'", '1', 'x', 1],
    ["x'01'", "'abcd'", new Uint8Array([1]), 'abcd'],
    ['NULL', '1.5', null, 1.5],
  ])('gives both of %s and %s as they are, in the mode bigint too', async (first, second, ...values) => {
    for (const intMode of ['number', 'bigint'] as const) {
      const rows = await raw(intMode, `SELECT ${first} AS v UNION ALL SELECT ${second}`)
      expect(rows).toEqual(values.map((v) => ({ v })))
    }
  })

  test.each([
    ['INTEGER', "'abc'", 'abc'],
    ['BIGINT', "'abc'", 'abc'],
    ['DECIMAL', "'abc'", 'abc'],
    ['BOOLEAN', "'yes'", 'yes'],
    ['BLOB', "'abcd'", 'abcd'],
    ['BLOB', '5', 5],
    ['INTEGER', "x'01'", new Uint8Array([1])],
    ['BIGINT', "x'01'", new Uint8Array([1])],
    ['BOOLEAN', "x'01'", new Uint8Array([1])],
  ])('gives what a column of type %s has no room for as it is: %s', async (type, sql, v) => {
    const prisma = bench.ours()
    await prisma.$executeRawUnsafe(`CREATE TABLE "strange" (v ${type})`)
    await prisma.$executeRawUnsafe(`INSERT INTO "strange" VALUES (${sql})`)
    expect(await prisma.$queryRawUnsafe('SELECT v FROM "strange"')).toEqual([{ v }])
    await prisma.$executeRawUnsafe('DROP TABLE "strange"')
  })
})
