import { afterAll, beforeAll, expect, test } from 'vitest'
import { Prisma, type PrismaClient } from './generated/prisma/client.js'
import { Workbench } from './support/clients.js'

type Operation = (prisma: PrismaClient) => Promise<unknown>

const at = new Date('2024-02-29T12:34:56.789Z')
const bytes = new Uint8Array([0, 1, 2, 255])

/** Run in this order, on one database by @prisma/adapter-libsql and on another by ours. */
const operations: Record<string, Operation> = {
  'create, with every scalar type': (prisma) =>
    prisma.scalars.create({
      data: {
        int: 2 ** 31 - 1,
        big: 9_007_199_254_740_991n,
        float: 0.1,
        decimal: '12345.6789',
        bool: true,
        at,
        bytes,
        text: 'näive 🎉 \'quoted" text',
        json: { a: [1, 'two', null, { b: false }] },
        color: 'GREEN',
        uuid: '00000000-0000-4000-8000-000000000000',
      },
    }),
  'create, with every extreme': (prisma) =>
    prisma.scalars.create({
      data: {
        int: -(2 ** 31),
        big: -9_007_199_254_740_991n,
        float: -1.797e308,
        decimal: '-0.0000001',
        bool: false,
        at: new Date(0),
        bytes: new Uint8Array(0),
        text: '',
        json: [],
        color: 'RED',
        uuid: '1',
      },
    }),
  'create, with whole numbers in Float and Decimal': (prisma) =>
    prisma.scalars.create({ data: { float: 3, decimal: 42, big: 0n, int: 0, uuid: '2', json: 'a text' } }),
  'create, with nulls': (prisma) => prisma.scalars.create({ data: { uuid: null, text: null, json: Prisma.DbNull } }),
  'create, with a JSON null': (prisma) => prisma.scalars.create({ data: { uuid: '3', json: Prisma.JsonNull } }),
  'findMany, everything': (prisma) => prisma.scalars.findMany({ orderBy: { id: 'asc' } }),
  'findMany, by int': (prisma) => prisma.scalars.findMany({ where: { int: { gte: 0 } }, select: { id: true } }),
  'findMany, by bigint': (prisma) => prisma.scalars.findMany({ where: { big: { lt: 0n } }, select: { id: true } }),
  'findMany, by float': (prisma) =>
    prisma.scalars.findMany({ where: { float: { in: [0.1, 3] } }, select: { id: true } }),
  'findMany, by decimal': (prisma) =>
    prisma.scalars.findMany({ where: { decimal: { gt: '41.5', lt: 12346 } }, select: { id: true } }),
  'findMany, by bool': (prisma) => prisma.scalars.findMany({ where: { bool: true }, select: { id: true } }),
  'findMany, by not bool': (prisma) =>
    prisma.scalars.findMany({ where: { NOT: { bool: true } }, select: { id: true } }),
  'findMany, by date': (prisma) => prisma.scalars.findMany({ where: { at }, select: { id: true } }),
  'findMany, by bytes': (prisma) => prisma.scalars.findMany({ where: { bytes }, select: { id: true } }),
  'findMany, by text': (prisma) =>
    prisma.scalars.findMany({ where: { text: { contains: '🎉' } }, select: { id: true } }),
  'findMany, by json': (prisma) => prisma.scalars.findMany({ where: { json: { equals: [] } }, select: { id: true } }),
  'findMany, by enum': (prisma) => prisma.scalars.findMany({ where: { color: 'GREEN' }, select: { id: true } }),
  'findMany, by a list longer than 999': (prisma) =>
    prisma.scalars.findMany({
      where: { id: { in: Array.from({ length: 2000 }, (_, id) => id) } },
      select: { id: true },
    }),
  'findMany, a page after a cursor': (prisma) =>
    prisma.scalars.findMany({ cursor: { id: 2 }, skip: 1, take: 2, orderBy: { id: 'asc' }, select: { id: true } }),
  'findMany, distinct': (prisma) =>
    prisma.scalars.findMany({ distinct: ['bool'], orderBy: { id: 'asc' }, select: { bool: true } }),
  'findUnique of nobody': (prisma) => prisma.scalars.findUnique({ where: { id: -1 } }),
  'findUniqueOrThrow of nobody': (prisma) => prisma.scalars.findUniqueOrThrow({ where: { id: -1 } }),
  'two findUnique that Prisma makes one': (prisma) =>
    Promise.all([1, 2].map((id) => prisma.scalars.findUnique({ where: { id }, select: { int: true } }))),
  'count, aggregate': (prisma) =>
    prisma.scalars.aggregate({
      _count: true,
      _sum: { int: true, float: true },
      _avg: { int: true, decimal: true },
      _min: { at: true, text: true },
      _max: { big: true, decimal: true },
    }),
  groupBy: (prisma) => prisma.scalars.groupBy({ by: ['bool'], _count: { _all: true }, orderBy: { bool: 'asc' } }),
  update: (prisma) =>
    prisma.scalars.update({ where: { id: 1 }, data: { int: { decrement: 1 }, big: { decrement: 1 } } }),
  'update of nobody': (prisma) => prisma.scalars.update({ where: { id: -1 }, data: { int: 1 } }),
  updateMany: (prisma) => prisma.scalars.updateMany({ where: { bool: null }, data: { float: { multiply: 2 } } }),
  updateManyAndReturn: (prisma) =>
    prisma.scalars.updateManyAndReturn({ where: { id: { gt: 3 } }, data: { int: 5 }, select: { id: true, int: true } }),

  'nested create': (prisma) =>
    prisma.user.create({
      data: {
        email: 'ada',
        profile: { create: { bio: 'first' } },
        posts: {
          create: [
            { title: 'one', tags: { connectOrCreate: [{ where: { name: 'x' }, create: { name: 'x' } }] } },
            {
              title: 'two',
              tags: { create: [{ name: 'y' }], connectOrCreate: [{ where: { name: 'x' }, create: { name: 'x' } }] },
            },
          ],
        },
      },
      include: { profile: true, posts: { include: { tags: { orderBy: { name: 'asc' } } }, orderBy: { title: 'asc' } } },
    }),
  createMany: (prisma) => prisma.user.createMany({ data: ['b', 'c', 'd'].map((email) => ({ email })) }),
  createManyAndReturn: (prisma) =>
    prisma.user.createManyAndReturn({ data: [{ email: 'e' }, { email: 'f', name: 'F' }] }),
  'createMany over a unique violation': (prisma) =>
    prisma.user.createMany({ data: [{ email: 'g' }, { email: 'ada' }] }),
  'none of it was written': (prisma) => prisma.user.findUnique({ where: { email: 'g' } }),
  'native upsert': (prisma) =>
    prisma.user.upsert({ where: { email: 'b' }, create: { email: 'b' }, update: { name: 'B' } }),
  'upsert with a relation': (prisma) =>
    prisma.user.upsert({
      where: { email: 'c' },
      create: { email: 'c' },
      update: { profile: { create: { bio: 'third' } } },
      include: { profile: true },
    }),
  'connect and disconnect': (prisma) =>
    prisma.post.update({
      where: { id: 1 },
      data: { tags: { connect: { name: 'y' }, disconnect: { name: 'x' } } },
      include: { tags: true },
    }),
  'connect nobody': (prisma) => prisma.post.update({ where: { id: 1 }, data: { tags: { connect: { name: 'zzz' } } } }),
  'set, delete and update in one': (prisma) =>
    prisma.user.update({
      where: { email: 'ada' },
      data: {
        profile: { upsert: { create: { bio: 'no' }, update: { bio: 'yes' } } },
        posts: { updateMany: { where: {}, data: { views: { increment: 1 } } }, deleteMany: { title: 'two' } },
      },
      include: { profile: true, posts: true },
    }),
  'relation filters and counts': (prisma) =>
    prisma.user.findMany({
      where: { OR: [{ posts: { some: { tags: { some: { name: 'y' } } } } }, { profile: { bio: 'third' } }] },
      select: { email: true, _count: { select: { posts: true } } },
      orderBy: { email: 'asc' },
    }),
  'unique violation': (prisma) => prisma.user.create({ data: { email: 'ada' } }),
  'unique violation on two fields': (prisma) => prisma.post.create({ data: { title: 'one', authorId: 1 } }),
  'primary key violation': (prisma) => prisma.tag.create({ data: { name: 'x' } }),
  'foreign key violation': (prisma) => prisma.post.create({ data: { title: 'orphan', authorId: 4711 } }),
  'ON DELETE RESTRICT': (prisma) => prisma.user.delete({ where: { email: 'ada' } }),
  'ON DELETE CASCADE': async (prisma) => [
    await prisma.user.delete({ where: { email: 'c' } }),
    await prisma.profile.count(),
  ],
  deleteMany: (prisma) => prisma.user.deleteMany({ where: { email: { in: ['d', 'e'] } } }),

  'batch $transaction': (prisma) =>
    prisma.$transaction([
      prisma.tag.create({ data: { name: 'batch' } }),
      prisma.tag.count(),
      prisma.$queryRaw`SELECT 1 AS one`,
    ]),
  'batch $transaction that fails': (prisma) =>
    prisma.$transaction([prisma.tag.create({ data: { name: 'lost' } }), prisma.tag.create({ data: { name: 'x' } })]),
  'interactive $transaction': (prisma) =>
    prisma.$transaction(async (transaction) => {
      const user = await transaction.user.create({ data: { email: 'itx' } })
      await transaction.post.create({ data: { title: 'itx', authorId: user.id } })
      return transaction.post.findMany({ where: { authorId: user.id }, select: { title: true } })
    }),
  'interactive $transaction that throws': (prisma) =>
    prisma.$transaction(async (transaction) => {
      await transaction.tag.create({ data: { name: 'lost' } })
      throw new Error('no')
    }),
  'nested $transactions, of which one throws': (prisma) =>
    prisma.$transaction(async (outer) => {
      await outer.tag.create({ data: { name: 'outer' } })
      await outer
        .$transaction(async (inner) => {
          await inner.tag.create({ data: { name: 'inner' } })
          throw new Error('no')
        })
        .catch(() => undefined)
      await outer.$transaction((inner) => inner.tag.create({ data: { name: 'second' } }))
      return outer.tag.findMany({ orderBy: { name: 'asc' } })
    }),
  'what is left': (prisma) => prisma.tag.findMany({ orderBy: { name: 'asc' } }),

  '$queryRaw, every column': (prisma) => prisma.$queryRaw`SELECT * FROM Scalars ORDER BY id`,
  '$queryRaw, expressions': (prisma) =>
    prisma.$queryRaw`SELECT 1 AS i, 1.5 AS r, 'a' AS t, NULL AS n, x'0102' AS b, count(*) AS c, max(at) AS d, sum(int) AS s, avg(float) AS a FROM Scalars`,
  '$queryRaw, parameters': (prisma) =>
    prisma.$queryRaw`SELECT ${1} + 1 AS n, ${1.5} AS f, ${'a'} AS t, ${true} AS y, ${null} AS z, ${5n} AS big, ${at} AS d, ${Buffer.from(bytes)} AS b, ${new Prisma.Decimal('1.25')} AS m`,
  '$queryRaw, a list': (prisma) =>
    prisma.$queryRaw`SELECT name FROM Tag WHERE name IN (${Prisma.join(['x', 'y'])}) ORDER BY name`,
  '$queryRaw, no rows': (prisma) => prisma.$queryRaw`SELECT id, big FROM Scalars WHERE 0`,
  '$queryRaw, that writes': (prisma) => prisma.$queryRaw`INSERT INTO Tag (name) VALUES (${'raw'}) RETURNING name`,
  '$executeRaw, counts': (prisma) => prisma.$executeRaw`UPDATE Tag SET name = name || '!' WHERE name LIKE ${'raw%'}`,
  '$executeRaw, nothing to do': (prisma) => prisma.$executeRaw`DELETE FROM Tag WHERE name = ${'nobody'}`,
  '$executeRaw, DDL': (prisma) => prisma.$executeRaw`CREATE TABLE "Extra" (a)`,
  '$queryRaw, LIMIT': (prisma) => prisma.$queryRaw`SELECT name FROM Tag ORDER BY name LIMIT ${2} OFFSET ${1}`,
  '$queryRaw, a syntax error': (prisma) => prisma.$queryRaw`SELEC 1`,
  '$queryRaw, a missing table': (prisma) => prisma.$queryRaw`SELECT * FROM Nowhere`,
  '$queryRaw, PRAGMA': (prisma) => prisma.$queryRaw`PRAGMA table_info(Tag)`,
  '$queryRaw, EXPLAIN': async (prisma) => (await prisma.$queryRaw<unknown[]>`EXPLAIN SELECT 1`).length > 0,
  '$queryRaw, CTE that writes': (prisma) =>
    prisma.$executeRaw`WITH names AS (SELECT 'cte' AS name) INSERT INTO Tag (name) SELECT name FROM names`,
  '$executeRaw, CHECK': async (prisma) => {
    await prisma.$executeRaw`CREATE TABLE "Checked" (a INTEGER CHECK (a > 0))`
    return prisma.$executeRaw`INSERT INTO Checked VALUES (${-1})`
  },
}

const official = new Workbench()
const ours = new Workbench()

beforeAll(async () => {
  await official.migrate('official')
  await ours.migrate('ours')
})

afterAll(async () => {
  await official[Symbol.asyncDispose]()
  await ours[Symbol.asyncDispose]()
})

/** A result, or of an error what programs look at. Prisma's own message begins after the place of the call. */
async function outcome(operation: Operation, prisma: PrismaClient): Promise<unknown> {
  try {
    return { result: await operation(prisma) }
  } catch (error) {
    const { name, code, message, meta } = error as Prisma.PrismaClientKnownRequestError
    const words = message.replace(/^\s*Invalid .*?invocation.*\n\n\n/s, '').replaceAll(/SQLITE_\w+: /g, '')
    return { name, code, words: words.split('\n').at(-1), modelName: meta?.['modelName'] }
  }
}

const clients = new Map<Workbench, PrismaClient>()

test.each(Object.entries(operations))('%s', async (_, operation) => {
  if (clients.size === 0) clients.set(official, official.official()).set(ours, ours.ours())
  const expected = await outcome(operation, clients.get(official)!)
  expect(await outcome(operation, clients.get(ours)!)).toEqual(expected)
})

test('both files hold the same, byte for byte as SQLite types it', async () => {
  for (const table of ['Scalars', 'User', 'Profile', 'Post', 'Tag', '_PostToTag']) {
    const dump = (prisma: PrismaClient) => prisma.$queryRawUnsafe(typesAndValues(table))
    expect(await dump(clients.get(ours)!)).toEqual(await dump(clients.get(official)!))
  }
})

const COLUMNS: Record<string, string[]> = {
  Scalars: ['id', 'int', 'big', 'float', 'decimal', 'bool', 'at', 'bytes', 'text', 'json', 'color', 'uuid'],
  User: ['id', 'email', 'name'],
  Profile: ['id', 'bio', 'userId'],
  Post: ['id', 'title', 'views', 'authorId'],
  Tag: ['name'],
  _PostToTag: ['A', 'B'],
}

const typesAndValues = (table: string) =>
  `SELECT ${COLUMNS[table]!.map((name) => `typeof("${name}") || ':' || quote("${name}") AS "${name}"`).join(', ')} FROM "${table}" ORDER BY 1`
