import { createContext, runInContext } from 'node:vm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Prisma, type PrismaClient } from './generated/prisma/client.js'
import { Workbench } from './support/clients.js'

let bench: Workbench
let prisma: PrismaClient

beforeAll(async () => {
  bench = await new Workbench().migrate()
  prisma = bench.ours()
})

afterAll(() => bench[Symbol.asyncDispose]())

beforeEach(() => prisma.scalars.deleteMany())

type Client = Pick<PrismaClient, 'scalars'>

const insert = (column: string, sql: string) =>
  prisma.$executeRawUnsafe(`INSERT INTO Scalars (${column}) VALUES (${sql})`)

describe('a date', () => {
  test.each([
    ['1900-01-01 00:00:00 +00:00', '1900-01-01T00:00:00.000Z'],
    ['2011-10-31 20:00', '2011-10-31T20:00:00.000Z'],
    ['2011-10-31', '2011-10-31T00:00:00.000Z'],
    ['2011-10-31 20:00:00', '2011-10-31T20:00:00.000Z'],
    ['2011-10-31 22:00:00+0200', '2011-10-31T20:00:00.000Z'],
    ['2011-10-31 20:00:00+00', '2011-10-31T20:00:00.000Z'],
    ['2011-10-31T20:00:00.123456789', '2011-10-31T20:00:00.123Z'],
    ['0001-01-01 00:00:00', '0001-01-01T00:00:00.000Z'],
  ])('that another program wrote as %s is the same in models and in raw queries', async (text, expected) => {
    await insert('at', `'${text}'`)
    const at = new Date(expected)
    expect(await prisma.scalars.findMany({ select: { at: true } })).toEqual([{ at }])
    expect(await prisma.$queryRaw`SELECT at FROM Scalars`).toEqual([{ at }])
  })

  test.each([
    ['aggregate', (client: Client) => client.scalars.aggregate({ _min: { at: true }, _max: { at: true, text: true } })],
    [
      'aggregate of a part',
      (client: Client) =>
        client.scalars.aggregate({
          where: { id: { gt: 0 } },
          take: 5,
          _min: { at: true },
          _max: { at: true, text: true },
        }),
    ],
    [
      'groupBy',
      async (client: Client) =>
        (await client.scalars.groupBy({ by: ['int'], _min: { at: true }, _max: { at: true, text: true } }))[0]!,
    ],
  ])('that another program wrote is aggregated, and a text that looks like it stays one: %s', async (_, run) => {
    await insert('at, text', "'1900-01-01 00:00:00 +00:00', '1900-01-01 00:00:00 +00:00'")
    await insert('at', "'1900-01-02 12:00'")
    const expected = {
      _min: { at: new Date('1900-01-01T00:00:00Z') },
      _max: { at: new Date('1900-01-02T12:00:00Z'), text: '1900-01-01 00:00:00 +00:00' },
    }
    for (let times = 0; times < 2; times++) {
      expect(await run(prisma)).toMatchObject(expected)
      expect(await prisma.$transaction((tx) => run(tx))).toMatchObject(expected)
    }
  })

  test('that can not be read is P2023 in an aggregate too', async () => {
    await insert('at', "'garbage'")
    await expect(prisma.scalars.aggregate({ _max: { at: true } })).rejects.toMatchObject({ code: 'P2023' })
  })

  test('of a table default, in the words of Prisma Migrate, is read as it is created', async () => {
    await prisma.$executeRaw`DROP TABLE Tag`
    await prisma.$executeRaw`CREATE TABLE Tag (name DATETIME NOT NULL PRIMARY KEY DEFAULT '1900-01-01 00:00:00 +00:00')`
    expect(await prisma.$queryRaw`INSERT INTO Tag DEFAULT VALUES RETURNING name`).toEqual([
      { name: new Date('1900-01-01T00:00:00Z') },
    ])
  })

  test.each(["'garbage'", "''", "'0000-00-00 00:00:00'", "'now'", "x'01'", '1e300'])(
    'that can not be read is P2023, and names the column, the value and the way out: %s',
    async (sql) => {
      await insert('at', sql)
      const error = { code: 'P2023', message: expect.stringContaining("column 'at' holds") as string }
      await expect(prisma.scalars.findMany()).rejects.toMatchObject(error)
      await expect(prisma.scalars.findMany()).rejects.toThrow('CAST("at" AS TEXT)')
      await expect(prisma.$queryRaw`SELECT at FROM Scalars`).rejects.toMatchObject({
        code: 'P2010',
        message: expect.stringContaining('P2023') as string,
      })
      expect(await prisma.$queryRaw`SELECT CAST("at" AS TEXT) IS NOT NULL AS readable FROM Scalars`).toEqual([
        { readable: 1 },
      ])
    },
  )

  test.each(['iso8601', 'unixepoch-ms'] as const)('far away comes back, with timestampFormat %s', async (format) => {
    const client = bench.ours({ timestampFormat: format })
    const dates = [
      '0001-01-01T00:00:00.000Z',
      '0099-12-31T23:59:59.999Z',
      '-000001-06-01T00:00:00.000Z',
      '+010000-01-01T00:00:00.000Z',
      '1969-12-31T23:59:59.999Z',
      '9999-12-31T23:59:59.999Z',
      '+275760-09-13T00:00:00.000Z',
      '-271821-04-20T00:00:00.000Z',
    ].map((text) => new Date(text))
    for (const at of dates) {
      const { id } = await client.scalars.create({ data: { at } })
      expect(await client.scalars.findUniqueOrThrow({ where: { id }, select: { at: true } })).toEqual({ at })
      expect(await client.$queryRaw`SELECT at FROM Scalars WHERE at = ${at}`).toEqual([{ at }])
      expect(await client.scalars.aggregate({ where: { id }, _min: { at: true }, _max: { at: true } })).toEqual({
        _min: { at },
        _max: { at },
      })
    }
  })

  test.each(['number', 'bigint', 'string'] as const)(
    'as a number is aggregated and grouped with intMode %s',
    async (intMode) => {
      const client = bench.ours({ timestampFormat: 'unixepoch-ms', intMode })
      const at = new Date('2024-02-29T12:34:56.789Z')
      await client.scalars.createMany({ data: [{ at }, { at: new Date(0) }] })
      expect(await client.scalars.aggregate({ _max: { at: true } })).toEqual({ _max: { at } })
      expect(await client.scalars.groupBy({ by: ['at'], _min: { at: true }, orderBy: { at: 'desc' } })).toEqual([
        { at, _min: { at } },
        { at: new Date(0), _min: { at: new Date(0) } },
      ])
    },
  )
})

describe('JSON', () => {
  test.each([5, 1.5, 0, -7, 1e100, 1e21, true, false, 'text', '5', '', [], {}, [null], { a: { b: [1, '🎉'] } }])(
    '%j is the same in models and in raw queries',
    async (json) => {
      await prisma.scalars.create({ data: { json } })
      expect(await prisma.scalars.findMany({ select: { json: true } })).toEqual([{ json }])
      expect(await prisma.$queryRaw`SELECT json FROM Scalars`).toEqual([{ json }])
    },
  )

  test('null is null', async () => {
    await prisma.scalars.create({ data: { json: Prisma.JsonNull } })
    expect(await prisma.$queryRaw`SELECT json FROM Scalars`).toEqual([{ json: null }])
  })

  test.each(['{"a":[1,2.5,"é",null,true,{}]}', 'null', '1', '"text"'])(
    'that jsonb() wrote is read as JSON: %s',
    async (text) => {
      await prisma.$executeRaw`INSERT INTO Scalars (json) VALUES (jsonb(${text}))`
      const json = JSON.parse(text) as unknown
      expect(await prisma.scalars.findMany({ select: { json: true } })).toEqual([{ json }])
      expect(await prisma.$queryRaw`SELECT json FROM Scalars`).toEqual([{ json }])
    },
  )

  test('bytes that are none are P2023, and name the column', async () => {
    await insert('json', "x'ff'")
    await expect(prisma.scalars.findMany()).rejects.toMatchObject({ code: 'P2023' })
    await expect(prisma.scalars.findMany()).rejects.toThrow("column 'json' holds 1 bytes")
  })
})

describe('a whole number in a Decimal', () => {
  test.each(['9007199254740993', '-9007199254740993', '9223372036854775807', '-9223372036854775808'])(
    'keeps every digit that SQLite can keep: %s',
    async (decimal) => {
      const { id } = await prisma.scalars.create({ data: { decimal } })
      const found = await prisma.scalars.findMany({ where: { decimal } })
      expect(found.map((row) => [row.id, row.decimal?.toString()])).toEqual([[id, decimal]])
    },
  )

  test('that is too large for an integer is a rounded one, as with Prisma’s other adapters', async () => {
    const { decimal } = await prisma.scalars.create({ data: { decimal: '9223372036854775808' } })
    expect(decimal?.toNumber()).toBe(2 ** 63)
  })
})

describe.each(['number', 'bigint', 'string'] as const)(
  'with intMode %s model queries give the types of the fields',
  (intMode) => {
    test('for every scalar, aggregates and groups', async () => {
      const client = bench.ours({ intMode })
      const row = { int: -5, big: 2n ** 60n, float: 2, bool: true, color: 'GREEN' as const, json: 7 }
      await client.scalars.create({ data: { ...row, decimal: '3' } })
      const found = await client.scalars.findFirstOrThrow()
      expect(found).toMatchObject(row)
      expect(found.decimal?.toString()).toBe('3')
      const aggregates = await client.scalars.aggregate({
        _sum: { int: true, big: true, float: true },
        _avg: { int: true },
        _min: { big: true },
        _max: { int: true, color: true },
        _count: { _all: true, big: true },
      })
      expect(aggregates).toEqual({
        _sum: { int: -5, big: 2n ** 60n, float: 2 },
        _avg: { int: -5 },
        _min: { big: 2n ** 60n },
        _max: { int: -5, color: 'GREEN' },
        _count: { _all: 1, big: 1 },
      })
      expect(await client.scalars.groupBy({ by: ['bool', 'color'], _sum: { big: true }, _count: true })).toEqual([
        { bool: true, color: 'GREEN', _sum: { big: 2n ** 60n }, _count: 1 },
      ])
      const user = await client.user.create({ data: { email: intMode, posts: { create: { title: 'one' } } } })
      expect(
        await client.user.findMany({ where: { id: user.id }, select: { _count: true, posts: true } }),
      ).toMatchObject([{ _count: { posts: 1 }, posts: [{ title: 'one', views: 0, authorId: user.id }] }])
      await client.post.deleteMany()
      await client.user.deleteMany()
    })
  },
)

describe('values of another realm, as in jsdom or a vm context', () => {
  const other = (code: string) => runInContext(code, createContext({})) as never
  const bytes = new Uint8Array([1, 2, 255])

  // As vitest's and Jest's jsdom environments do.
  test('are stored where they have replaced the global classes', async () => {
    const { Uint8Array, ArrayBuffer, Date } = globalThis
    const at = new Date('2024-02-29T12:34:56.789Z')
    Object.assign(globalThis, {
      Uint8Array: other('Uint8Array'),
      ArrayBuffer: other('ArrayBuffer'),
      Date: other('Date'),
    })
    try {
      const own = { bytes: new globalThis.Uint8Array([1, 2, 255]), at: new globalThis.Date(at.getTime()) }
      await prisma.scalars.create({ data: { ...own, text: 'own' } })
      await prisma.scalars.create({ data: { bytes: Buffer.from([1, 2, 255]), at, text: 'foreign' } })
      await prisma.$executeRaw`INSERT INTO Scalars (bytes, at, text) VALUES (${own.bytes}, ${own.at}, 'raw')`
      expect(await prisma.scalars.count({ where: own })).toBe(3)
      expect(await prisma.$transaction((tx) => tx.scalars.count({ where: own }))).toBe(3)
    } finally {
      Object.assign(globalThis, { Uint8Array, ArrayBuffer, Date })
    }
    expect(await prisma.scalars.findMany({ select: { bytes: true, at: true } })).toEqual(
      Array.from({ length: 3 }, () => ({ bytes, at })),
    )
  })

  test('are stored by models', async () => {
    const at = new Date('2024-02-29T12:34:56.789Z')
    const data = {
      bytes: other('new Uint8Array([1, 2, 255])'),
      at: other(`new Date(${at.getTime()})`),
      json: other('({ a: [1] })'),
    }
    const { id } = await prisma.scalars.create({ data })
    const found = await prisma.scalars.findMany({ where: { id, bytes: data.bytes, at: data.at } })
    expect(found).toMatchObject([{ bytes, at, json: { a: [1] } }])
  })

  test.each([
    ['Uint8Array', 'new Uint8Array([1, 2, 255])', bytes],
    ['a part of one', 'new Uint8Array([0, 1, 2, 255, 0]).subarray(1, 4)', bytes],
    ['ArrayBuffer', 'new Uint8Array([1, 2, 255]).buffer', bytes],
    ['Date', 'new Date(0)', '1970-01-01T00:00:00.000+00:00'],
    ['BigInt', '5n', 5],
  ])('are parameters of raw queries: %s', async (_, code, expected) => {
    expect(await prisma.$queryRaw`SELECT ${other(code)} AS v`).toEqual([{ v: expected }])
  })
})

describe('an empty statement', () => {
  test.each([
    ['Prisma.empty by $queryRaw', () => prisma.$queryRaw(Prisma.empty)],
    ['Prisma.empty by $executeRaw', () => prisma.$executeRaw(Prisma.empty)],
    ['only a comment', () => prisma.$queryRawUnsafe('-- nothing\n')],
    ['only blanks', () => prisma.$executeRawUnsafe(' \n')],
    ['in a transaction', () => prisma.$transaction((tx) => tx.$executeRaw(Prisma.empty))],
  ])('is refused as by Prisma’s other adapters, with the way out: %s', async (_, run) => {
    await expect(run()).rejects.toMatchObject({
      code: 'P2010',
      message: expect.stringMatching(/It is empty: not an error.*Prisma\.empty/) as string,
    })
  })
})
