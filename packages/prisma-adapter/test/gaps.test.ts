import { PrismaLibSql } from '@prisma/adapter-libsql'
import { describe, expect, test } from 'vitest'
import type { PrismaClient } from './generated/prisma/client.js'
import { type Adapter, type CommonOptions, Workbench } from './support/clients.js'
import { somebodyElse } from './support/somebody-else.js'

interface Gap {
  name: string
  /** How @prisma/adapter-libsql 7.10 fails; when a later one does better, this table is to follow. */
  official: RegExp | 'passes'
  options?: CommonOptions
  run: (prisma: PrismaClient, bench: Workbench, adapter: Adapter) => Promise<void>
}

const gaps: Gap[] = [
  {
    name: 'a missing table is P2021',
    official: /code: 'P2021'/,
    async run(prisma) {
      await expect(prisma.missing.findMany()).rejects.toMatchObject({ code: 'P2021' })
    },
  },
  {
    name: 'a missing column is P2022',
    official: /code: 'P2022'/,
    async run(prisma) {
      await prisma.$executeRaw`ALTER TABLE User DROP COLUMN name`
      await expect(prisma.user.findMany()).rejects.toMatchObject({ code: 'P2022' })
      await expect(prisma.user.create({ data: { email: 'a', name: 'A' } })).rejects.toMatchObject({ code: 'P2022' })
    },
  },
  {
    name: 'a BigInt over 2^53 comes back as it went',
    official: /cannot be safely represented/,
    async run(prisma) {
      const big = 2n ** 63n - 1n
      const { id } = await prisma.scalars.create({ data: { big } })
      expect(await prisma.scalars.findUnique({ where: { id }, select: { big: true } })).toEqual({ big })
      expect(await prisma.$queryRaw`SELECT big FROM Scalars`).toEqual([{ big }])
    },
  },
  {
    name: 'a sum over 2^53 keeps every digit',
    official: /cannot be safely represented/,
    async run(prisma) {
      await prisma.scalars.createMany({ data: [{ big: 2n ** 52n }, { big: 2n ** 52n + 1n }] })
      expect(await prisma.scalars.aggregate({ _sum: { big: true } })).toEqual({ _sum: { big: 2n ** 53n + 1n } })
      expect(await prisma.$queryRaw`SELECT sum(big) AS sum FROM Scalars`).toEqual([{ sum: 2n ** 53n + 1n }])
    },
  },
  {
    name: 'a number in a Json column comes out of $queryRaw',
    official: /Cannot serialize value of type number as Json/,
    async run(prisma) {
      await prisma.scalars.create({ data: { json: 5 } })
      expect(await prisma.$queryRaw`SELECT json FROM Scalars`).toEqual([{ json: 5 }])
    },
  },
  {
    name: 'JSON that jsonb() wrote is JSON',
    official: /is not valid JSON|Unexpected/,
    async run(prisma) {
      await prisma.$executeRaw`INSERT INTO Scalars (json) VALUES (jsonb('{"a":[1]}'))`
      expect(await prisma.scalars.findMany({ select: { json: true } })).toEqual([{ json: { a: [1] } }])
    },
  },
  {
    name: 'a date that Prisma Migrate wrote as a default is read',
    official: /Invalid Date/,
    async run(prisma) {
      await prisma.$executeRaw`INSERT INTO Scalars (at) VALUES ('1900-01-01 00:00:00 +00:00')`
      const at = new Date('1900-01-01T00:00:00Z')
      expect(await prisma.scalars.findMany({ select: { at: true } })).toEqual([{ at }])
    },
  },
  {
    name: 'a text that is no date is an error, not an Invalid Date',
    official: /instead of rejecting/,
    async run(prisma) {
      await prisma.$executeRaw`INSERT INTO Scalars (at) VALUES ('yesterday')`
      await expect(prisma.scalars.findMany({ select: { at: true } })).rejects.toMatchObject({ code: 'P2023' })
    },
  },
  {
    name: 'a whole Decimal over 2^53 keeps every digit',
    official: /9223372036854776000|9223372036854775808/,
    async run(prisma) {
      const decimal = '9223372036854775807'
      await prisma.scalars.create({ data: { decimal } })
      const [found] = await prisma.scalars.findMany({ select: { decimal: true } })
      expect(found?.decimal?.toString()).toBe(decimal)
    },
  },
  {
    name: 'a text in an INTEGER column comes out of $queryRaw as it is',
    official: /NaN/,
    async run(prisma) {
      await prisma.$executeRaw`INSERT INTO Scalars (int) VALUES ('abc')`
      expect(await prisma.$queryRaw`SELECT int FROM Scalars`).toEqual([{ int: 'abc' }])
    },
  },
  {
    name: '$executeRaw with RETURNING counts its rows',
    official: /expected \+0 to be 2/,
    async run(prisma) {
      expect(await prisma.$executeRaw`INSERT INTO Tag (name) VALUES ('a'), ('b') RETURNING name`).toBe(2)
    },
  },
  {
    name: 'the second statement of a string is refused, not dropped',
    official: /resolved "1" instead of rejecting/,
    async run(prisma) {
      const two = `INSERT INTO Tag (name) VALUES ('a'); INSERT INTO Tag (name) VALUES ('b')`
      await expect(prisma.$executeRawUnsafe(two)).rejects.toMatchObject({ code: 'P2010' })
      expect(await prisma.tag.count()).toBe(0)
    },
  },
  {
    name: 'a whole number of a raw query is an INTEGER',
    official: /'1\.0'/,
    async run(prisma) {
      await prisma.$executeRaw`INSERT INTO Tag (name) VALUES (${1})`
      expect(await prisma.tag.findMany()).toEqual([{ name: '1' }])
      expect(await prisma.$queryRaw`SELECT typeof(${1}) AS type`).toEqual([{ type: 'integer' }])
    },
  },
  {
    name: 'an Int column holds integers, after a division too',
    official: /type: 'real'/,
    async run(prisma) {
      const { id } = await prisma.scalars.create({ data: { int: 5 } })
      await prisma.scalars.update({ where: { id }, data: { int: { divide: 2 } } })
      expect(await prisma.$queryRaw`SELECT int, typeof(int) AS type FROM Scalars`).toEqual([
        { int: 2, type: 'integer' },
      ])
    },
  },
  {
    name: 'a read from outside does not wait for an interactive transaction',
    official: /expired transaction/,
    async run(prisma) {
      await prisma.$transaction(
        async (transaction) => {
          await transaction.tag.create({ data: { name: 'inside' } })
          expect(await prisma.tag.count()).toBe(0)
          expect(await transaction.tag.count()).toBe(1)
        },
        { timeout: 2000 },
      )
      expect(await prisma.tag.count()).toBe(1)
    },
  },
  {
    name: 'a write that met somebody else’s lock leaves a client that works',
    official: /SQL statements in progress/,
    async run(prisma, { file }) {
      expect(await prisma.tag.count()).toBe(0)
      {
        await using _ = await somebodyElse(file, 'BEGIN EXCLUSIVE')
        await Promise.all([
          expect(prisma.tag.create({ data: { name: 'a' } })).rejects.toMatchObject({ code: 'P1008' }),
          expect(prisma.tag.count()).rejects.toMatchObject({ code: 'P1008' }),
        ])
      }
      await prisma.$transaction((transaction) => transaction.tag.create({ data: { name: 'b' } }))
      await using _ = await somebodyElse(file, `INSERT INTO Tag (name) VALUES ('c')`)
      expect(await prisma.tag.findMany({ orderBy: { name: 'asc' } })).toEqual([{ name: 'b' }, { name: 'c' }])
    },
  },
  {
    name: 'a failed COMMIT has a code',
    official: /code: 'P2003'/,
    async run(prisma) {
      await expect(orphan(prisma)).rejects.toMatchObject({ code: 'P2003' })
    },
  },
  {
    name: 'a failed COMMIT leaves a client that works',
    official: /Operation has timed out/,
    async run(prisma, { file }) {
      await expect(orphan(prisma)).rejects.toThrow(/foreign key/i)
      await prisma.tag.create({ data: { name: 'a' } })
      await using _ = await somebodyElse(file, `INSERT INTO Tag (name) VALUES ('b')`)
      expect(await prisma.tag.count()).toBe(2)
      expect(await prisma.post.count()).toBe(0)
    },
  },
  {
    name: 'the PRAGMAs of a connection survive its transactions',
    official: /cache_size: -2000/,
    async run(prisma, _bench, adapter) {
      // Ours has an option for them: see the client below.
      if (adapter === 'official') await prisma.$executeRaw`PRAGMA cache_size = -4321`
      const cacheSize = [{ cache_size: -4321 }]
      expect(await prisma.$queryRaw`PRAGMA cache_size`).toEqual(cacheSize)
      await prisma.$transaction(async (transaction) => {
        expect(await transaction.$queryRaw`PRAGMA cache_size`).toEqual(cacheSize)
      })
      expect(await prisma.$queryRaw`PRAGMA cache_size`).toEqual(cacheSize)
    },
  },
  {
    name: 'a database in memory survives its transactions',
    official: /P2039|no such table/,
    async run(_prisma, bench, adapter) {
      const prisma =
        adapter === 'ours' ? bench.ours({ url: ':memory:' }) : bench.client(new PrismaLibSql({ url: ':memory:' }))
      await prisma.$executeRaw`CREATE TABLE Tag (name TEXT PRIMARY KEY)`
      await prisma.$transaction((transaction) => transaction.tag.create({ data: { name: 'a' } }))
      expect(await prisma.tag.findMany()).toEqual([{ name: 'a' }])
    },
  },
  {
    name: 'CURRENT_TIMESTAMP is in UTC, in raw queries too',
    official: /2026-01-01T15:00:00.000Z/,
    async run(prisma) {
      const zone = process.env['TZ']
      process.env['TZ'] = 'America/New_York'
      try {
        // As CURRENT_TIMESTAMP writes it.
        await prisma.$executeRaw`INSERT INTO Scalars (at) VALUES ('2026-01-01 10:00:00')`
        const at = new Date('2026-01-01T10:00:00Z')
        expect(await prisma.scalars.findFirst({ select: { at: true } })).toEqual({ at })
        expect(await prisma.$queryRaw`SELECT at FROM Scalars`).toEqual([{ at }])
      } finally {
        if (zone === undefined) delete process.env['TZ']
        else process.env['TZ'] = zone
      }
    },
  },
  {
    name: 'a text is not cut off at a NUL',
    official: /resolved .* instead of rejecting/s,
    async run(prisma) {
      await expect(prisma.scalars.create({ data: { text: 'a\0b' } })).rejects.toMatchObject({ code: 'P2007' })
      await expect(prisma.$queryRaw`SELECT ${'a\0b'} AS text`).rejects.toMatchObject({ code: 'P2010' })
      expect(await prisma.scalars.count()).toBe(0)
    },
  },
  {
    name: 'dates of one format compare with each other: iso8601',
    official: 'passes',
    run: datesCompare,
  },
  {
    name: 'dates of one format compare with each other: unixepoch-ms',
    official: 'passes',
    options: { timestampFormat: 'unixepoch-ms' },
    run: datesCompare,
  },
]

/** A transaction with a foreign key that is looked at, and violated, at COMMIT. */
function orphan(prisma: PrismaClient): Promise<unknown> {
  return prisma.$transaction(async (transaction) => {
    await transaction.$executeRaw`PRAGMA defer_foreign_keys = ON`
    await transaction.post.create({ data: { title: 'orphan', authorId: 7 } })
  })
}

async function datesCompare(prisma: PrismaClient): Promise<void> {
  const days = ['2024-01-01', '2024-01-02', '2024-01-03'].map((day) => new Date(day))
  await prisma.scalars.createMany({ data: days.map((at) => ({ at })) })
  const later = await prisma.scalars.findMany({
    where: { at: { gt: days[0]! } },
    orderBy: { at: 'asc' },
    select: { at: true },
  })
  expect(later.map(({ at }) => at)).toEqual(days.slice(1))
}

describe.each(gaps)('$name', ({ official, options, run }) => {
  test('ours', async () => {
    await using bench = await new Workbench().migrate()
    const prisma = bench.ours({ pragmas: { cache_size: -4321 }, ...options })
    await expect(run(prisma, bench, 'ours')).resolves.toBeUndefined()
  })

  test(`@prisma/adapter-libsql ${official === 'passes' ? official : 'fails'}`, async () => {
    await using bench = await new Workbench().migrate('official')
    const outcome = await run(bench.official(options), bench, 'official').then(
      () => 'passes',
      (error: Error) => error.message,
    )
    expect(outcome).toMatch(official)
  })
})
