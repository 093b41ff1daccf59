import { afterEach, describe, expect, test } from 'vitest'
import { PrismaSqliteEfs, type PrismaSqliteEfsOptions } from '../src/index.js'
import { PrismaClient } from './generated/keys/client.js'

const TYPES = ['INTEGER', 'INT', 'BIGINT', 'UNSIGNED BIG INT', 'INT8', 'SMALLINT', 'NUMERIC']
const EVERY_PAIR = TYPES.flatMap((id) => TYPES.map((foreignKey) => [id, foreignKey] as const))

/** As `Prisma Migrate` makes them, but for the types of the keys. */
const tables = (id: string, foreignKey: string) => [
  `CREATE TABLE Author (id ${id} NOT NULL PRIMARY KEY, name TEXT NOT NULL, partner ${foreignKey} UNIQUE)`,
  `CREATE TABLE Book (id ${foreignKey} NOT NULL PRIMARY KEY, title TEXT NOT NULL, authorId ${foreignKey} NOT NULL)`,
  `CREATE TABLE Tag (id ${id} NOT NULL PRIMARY KEY)`,
  `CREATE TABLE _AuthorToTag (A ${foreignKey} NOT NULL, B ${foreignKey} NOT NULL)`,
  'CREATE UNIQUE INDEX _AuthorToTag_AB_unique ON _AuthorToTag (A, B)',
  `CREATE TABLE Row (hall ${id} NOT NULL, "row" ${id} NOT NULL, PRIMARY KEY (hall, "row"))`,
  `CREATE TABLE Seat (id INTEGER PRIMARY KEY, hall ${foreignKey} NOT NULL, "row" ${foreignKey} NOT NULL, guestId ${foreignKey})`,
]

/** Small ones beside those that a number would round, in one column and on both sides of each relation. */
const IDS = [-(2n ** 63n), -(2n ** 53n) - 1n, -7n, 0n, 1n, 2n ** 53n - 1n, 2n ** 53n + 1n, 2n ** 63n - 1n]

let prisma: PrismaClient

afterEach(() => prisma.$disconnect())

async function open(statements: string[], options: Partial<PrismaSqliteEfsOptions> = {}): Promise<void> {
  prisma = new PrismaClient({ adapter: new PrismaSqliteEfs({ url: ':memory:', lease: 'local', ...options }) })
  for (const sql of statements) await prisma.$executeRawUnsafe(sql)
}

async function fill(): Promise<void> {
  const rows = (row: (id: bigint) => string) => IDS.map((id) => `(${row(id)})`).join(', ')
  await prisma.$executeRawUnsafe(`INSERT INTO Author VALUES ${rows((id) => `${id}, 'author ${id}', ${id}`)}`)
  await prisma.$executeRawUnsafe(`INSERT INTO Book VALUES ${rows((id) => `${id}, 'book ${id}', ${id}`)}`)
  await prisma.$executeRawUnsafe(`INSERT INTO Tag VALUES ${rows((id) => `${id}`)}`)
  await prisma.$executeRawUnsafe(`INSERT INTO _AuthorToTag VALUES ${rows((id) => `${id}, ${id}`)}`)
  await prisma.$executeRawUnsafe(`INSERT INTO Row VALUES ${rows((id) => `1, ${id}`)}`)
  await prisma.$executeRawUnsafe(`INSERT INTO Seat (hall, "row", guestId) VALUES ${rows((id) => `1, ${id}, ${id}`)}`)
}

const book = (id: bigint) => ({ id, title: `book ${id}`, authorId: id })
const author = (id: bigint) => ({ id, name: `author ${id}`, partner: id })

/** Every way in which Prisma compares keys in memory. */
async function findsEveryPair(): Promise<void> {
  const orderBy = { id: 'asc' } as const
  expect(await prisma.author.findMany({ orderBy, include: { books: true, tags: true } })).toEqual(
    IDS.map((id) => ({ ...author(id), books: [book(id)], tags: [{ id }] })),
  )
  expect(await prisma.book.findMany({ orderBy, include: { author: { include: { books: true } } } })).toEqual(
    IDS.map((id) => ({ ...book(id), author: { ...author(id), books: [book(id)] } })),
  )
  expect(await prisma.tag.findMany({ orderBy, include: { authors: true } })).toEqual(
    IDS.map((id) => ({ id, authors: [author(id)] })),
  )
  const seats = IDS.map((id, index) => ({ id: index + 1, hall: 1, row: id, guestId: id }))
  expect(await prisma.row.findMany({ orderBy: { row: 'asc' }, include: { seats: true } })).toEqual(
    IDS.map((id, index) => ({ hall: 1, row: id, seats: [seats[index]] })),
  )
  expect(await prisma.seat.findMany({ orderBy, include: { of: true, guest: true } })).toEqual(
    IDS.map((id, index) => ({ ...seats[index], of: { hall: 1, row: id }, guest: author(id) })),
  )
  // Those of one turn of the event loop become one statement, whose rows Prisma hands out by key.
  const found = await Promise.all(IDS.map((id) => prisma.author.findUnique({ where: { id } })))
  expect(found).toEqual(IDS.map(author))
  const byPartner = await Promise.all(IDS.map((partner) => prisma.author.findUnique({ where: { partner } })))
  expect(byPartner).toEqual(IDS.map(author))
  const rows = await Promise.all(
    IDS.map((row) => prisma.row.findUnique({ where: { hall_row: { hall: 1, row } }, include: { seats: true } })),
  )
  expect(rows).toEqual(IDS.map((id, index) => ({ hall: 1, row: id, seats: [seats[index]] })))

  expect(await prisma.author.findMany({ orderBy, where: { id: { in: IDS } } })).toEqual(IDS.map(author))
  expect(await prisma.author.findMany({ orderBy, cursor: { id: IDS[2]! }, skip: 1, take: 4 })).toEqual(
    IDS.slice(3, 7).map(author),
  )
  expect(await prisma.author.findMany({ orderBy, include: { books: { cursor: { id: IDS[1]! }, take: 1 } } })).toEqual(
    IDS.map((id) => ({ ...author(id), books: id === IDS[1] ? [book(id)] : [] })),
  )
  expect(await prisma.book.findMany({ orderBy, distinct: ['authorId'] })).toEqual(IDS.map(book))
  expect(await prisma.author.findMany({ orderBy, select: { _count: true } })).toEqual(
    IDS.map(() => ({ _count: { books: 1, tags: 1, seats: 1 } })),
  )
}

/** Every nested write that looks up the other side first. */
async function writesThroughRelations(): Promise<void> {
  const [first, last] = [IDS[0]!, IDS.at(-1)!]
  const created = await prisma.author.create({
    data: {
      id: 2n ** 60n,
      name: 'new',
      books: { create: { id: 5n, title: 'new' } },
      tags: { connect: [{ id: last }] },
    },
    include: { books: true, tags: true },
  })
  expect(created).toMatchObject({ books: [{ id: 5n, authorId: 2n ** 60n }], tags: [{ id: last }] })
  const moved = await prisma.book.update({
    where: { id: 5n },
    data: { author: { connect: { id: first } } },
    include: { author: true },
  })
  expect(moved.author).toEqual(author(first))
  const set = await prisma.author.update({
    where: { id: first },
    data: {
      tags: { set: [{ id: 1n }, { id: first }], connectOrCreate: { where: { id: 9n }, create: { id: 9n } } },
      books: { update: { where: { id: 5n }, data: { title: 'moved' } }, delete: { id: first } },
    },
    include: { tags: { orderBy: { id: 'asc' } }, books: true },
  })
  expect(set.tags).toEqual([{ id: first }, { id: 1n }, { id: 9n }])
  expect(set.books).toEqual([{ id: 5n, title: 'moved', authorId: first }])
  const seat = await prisma.seat.create({
    data: { id: 99, of: { connect: { hall_row: { hall: 1, row: last } } }, guest: { connect: { partner: last } } },
    include: { of: true, guest: true },
  })
  expect(seat).toMatchObject({ of: { hall: 1, row: last }, guest: author(last) })
}

test.each(EVERY_PAIR)('an id of type %s and a foreign key of type %s find each other', async (id, foreignKey) => {
  await open(tables(id, foreignKey))
  await fill()
  await findsEveryPair()
  await writesThroughRelations()
})

describe.each(['bigint', 'string'] as const)('with intMode %s', (intMode) => {
  test.each([
    ['INTEGER', 'BIGINT'],
    ['BIGINT', 'INTEGER'],
    ['INTEGER', 'INTEGER'],
    ['NUMERIC', 'INT8'],
  ])('an id of type %s and a foreign key of type %s find each other', async (id, foreignKey) => {
    await open(tables(id, foreignKey), { intMode })
    await fill()
    await findsEveryPair()
    await writesThroughRelations()
  })

  test('a view, whose columns declare nothing, is found by a key that declares its type', async () => {
    const [, ...others] = tables('INTEGER', 'BIGINT')
    await open(['CREATE VIEW Author AS SELECT id + 0 AS id, title AS name, NULL AS partner FROM Book', ...others], {
      intMode,
    })
    await prisma.$executeRaw`INSERT INTO Book VALUES (7, 'seven', 7)`
    const views = await prisma.author.findMany({ include: { books: true } })
    expect(views).toEqual([{ id: 7n, name: 'seven', partner: null, books: [{ id: 7n, title: 'seven', authorId: 7n }] }])
  })
})

test('a database as Django makes it has its books and authors', async () => {
  await open([
    'CREATE TABLE "Author" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(100) NOT NULL, "partner" bigint)',
    `CREATE TABLE "Book" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "title" varchar(200) NOT NULL,
      "authorId" bigint NOT NULL REFERENCES "Author" ("id") DEFERRABLE INITIALLY DEFERRED)`,
    `INSERT INTO "Author" (name) VALUES ('Ada')`,
    `INSERT INTO "Book" (title, authorId) VALUES ('Notes', 1), ('More', 1)`,
  ])
  const [ada] = await prisma.author.findMany({ include: { books: { include: { author: true } } } })
  expect(ada!.books.map(({ title, author: { name } }) => [title, name])).toEqual([
    ['Notes', 'Ada'],
    ['More', 'Ada'],
  ])
})

describe.each(['iso8601', 'unixepoch-ms'] as const)(
  'keys of other types, with timestampFormat %s',
  (timestampFormat) => {
    test('find each other', async () => {
      await open(
        [
          'CREATE TABLE DecimalKey (id DECIMAL NOT NULL PRIMARY KEY)',
          'CREATE TABLE DecimalRef (id INTEGER PRIMARY KEY, keyId NUMERIC NOT NULL)',
          'CREATE TABLE DateKey (id DATETIME NOT NULL PRIMARY KEY)',
          'CREATE TABLE DateRef (id INTEGER PRIMARY KEY, keyId TIMESTAMP NOT NULL)',
          'CREATE TABLE TextKey (id TEXT NOT NULL PRIMARY KEY)',
          'CREATE TABLE TextRef (id INTEGER PRIMARY KEY, keyId VARCHAR(20) NOT NULL)',
          'CREATE TABLE BooleanKey (id BOOLEAN NOT NULL PRIMARY KEY)',
          'CREATE TABLE BooleanRef (id INTEGER PRIMARY KEY, keyId INTEGER NOT NULL)',
        ],
        { timestampFormat },
      )
      const decimals = ['-1.5', '3', '9007199254740993', '0.1']
      for (const id of decimals)
        await prisma.decimalKey.create({ data: { id, refs: { create: { id: decimals.indexOf(id) } } } })
      const byDecimal = await prisma.decimalKey.findMany({ include: { refs: true } })
      expect(byDecimal.map(({ id, refs }) => [id.toString(), refs.map((ref) => ref.keyId.toString())])).toEqual(
        byDecimal.map(({ id }) => [id.toString(), [id.toString()]]),
      )
      expect(byDecimal.map(({ id }) => id.toString()).toSorted()).toEqual(decimals.toSorted())

      const dates = ['1900-01-01T00:00:00.000Z', '2024-02-29T12:34:56.789Z', '0001-01-01T00:00:00.000Z'].map(
        (at) => new Date(at),
      )
      for (const id of dates) await prisma.dateKey.create({ data: { id, refs: { create: { id: dates.indexOf(id) } } } })
      const byDate = await prisma.dateKey.findMany({ include: { refs: true }, orderBy: { id: 'desc' } })
      expect(byDate).toEqual(
        [1, 0, 2].map((index) => ({ id: dates[index], refs: [{ id: index, keyId: dates[index] }] })),
      )
      expect(await Promise.all(dates.map((id) => prisma.dateKey.findUnique({ where: { id } })))).toEqual(
        dates.map((id) => ({ id })),
      )

      for (const id of ['', '1', 'a'])
        await prisma.textKey.create({ data: { id, refs: { create: { id: id.charCodeAt(0) || 0 } } } })
      const byText = await prisma.textKey.findMany({ include: { refs: true }, orderBy: { id: 'asc' } })
      expect(byText.map(({ id, refs }) => [id, refs.map(({ keyId }) => keyId)])).toEqual([
        ['', ['']],
        ['1', ['1']],
        ['a', ['a']],
      ])

      for (const id of [true, false])
        await prisma.booleanKey.create({ data: { id, refs: { create: { id: Number(id) } } } })
      const byBoolean = await prisma.booleanKey.findMany({ include: { refs: true }, orderBy: { id: 'asc' } })
      expect(byBoolean).toEqual([false, true].map((id) => ({ id, refs: [{ id: Number(id), keyId: id }] })))
    })
  },
)
