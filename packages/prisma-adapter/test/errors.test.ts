import { DatabaseError, openDatabase } from '@sqlite-efs/database'
import { LeaseError, LocalLeaser } from '@sqlite-efs/lease'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SqliteEfsAdapter } from '../src/adapter.js'
import { isRetryable } from '../src/errors/retryable.js'
import { Prisma, PrismaClient } from './generated/prisma/client.js'
import { type FaultAt, FaultyDatabase } from './support/faulty-database.js'
import { SCHEMA } from './support/schema.js'

let database: FaultyDatabase
let prisma: PrismaClient

beforeAll(async () => {
  database = new FaultyDatabase(openDatabase({ path: ':memory:', leaser: new LocalLeaser() }))
  const adapter = new SqliteEfsAdapter(database, { timestampFormat: 'iso8601', transactionMode: 'immediate' })
  await adapter.executeScript(SCHEMA)
  const { provider, adapterName } = adapter
  prisma = new PrismaClient({ adapter: { provider, adapterName, connect: async () => adapter } })
})

afterAll(() => prisma.$disconnect())

let emails = 0
const email = () => `${(emails += 1)}@example.org`

/** Every way through Prisma on which an adapter's error comes to the user. */
const paths: { path: string; at: FaultAt; isRaw?: true; run: () => Promise<unknown> }[] = [
  { path: 'a read', at: 'execute', run: () => prisma.user.findMany() },
  { path: 'a write', at: 'execute', run: () => prisma.user.create({ data: { email: email() } }) },
  { path: 'a bulk write', at: 'execute', run: () => prisma.user.createMany({ data: [{ email: email() }] }) },
  { path: '$queryRaw', at: 'execute', isRaw: true, run: () => prisma.$queryRaw`SELECT 1` },
  { path: '$executeRaw', at: 'execute', isRaw: true, run: () => prisma.$executeRaw`DELETE FROM Tag` },
  ...(['start', 'statement', 'commit'] as const).flatMap((at) => [
    { path: `a nested write: ${at}`, at, run: nestedWrite },
    { path: `a batch: ${at}`, at, run: batch },
    { path: `an interactive transaction: ${at}`, at, run: interactive },
  ]),
  { path: 'a nested transaction', at: 'savepoint', run: nestedTransaction },
  { path: '$queryRaw in a transaction', at: 'statement', isRaw: true, run: rawInteractive },
]

function nestedWrite(): Promise<unknown> {
  return prisma.user.create({ data: { email: email(), posts: { create: [{ title: 'a' }, { title: 'b' }] } } })
}

function batch(): Promise<unknown> {
  return prisma.$transaction([prisma.user.create({ data: { email: email() } }), prisma.tag.count()])
}

function interactive(): Promise<unknown> {
  return prisma.$transaction(async (transaction) => {
    await transaction.user.create({ data: { email: email() } })
  })
}

function rawInteractive(): Promise<unknown> {
  return prisma.$transaction((transaction) => transaction.$queryRaw`SELECT 1`)
}

function nestedTransaction(): Promise<unknown> {
  return prisma.$transaction(async (outer) => {
    await outer.$transaction(async (inner) => {
      await inner.user.create({ data: { email: email() } })
    })
  })
}

const file = { path: '/mnt/efs/app.db' }
const holder = { holder: 'lambda:1a2b', heldSinceMs: 1_700_000_000_000, position: 3 }
const table = { tableName: 'app-locks', region: 'eu-central-1' }

/** What the lease and the database may say, and the code that users are to see. */
const operational: [string, Error, object][] = [
  ['P1008', new LeaseError('LEASE_TIMEOUT', 'held by lambda:1a2b since then', holder), holder],
  ['P1008', new DatabaseError('LEASE_TIMEOUT', 'held by lambda:1a2b', { ...file, holder: 'lambda:1a2b' }), file],
  [
    'P1008',
    new DatabaseError('LEASE_TIMEOUT', 'held', file, { cause: new LeaseError('LEASE_TIMEOUT', 'held', holder) }),
    { ...file, ...holder },
  ],
  ['P1008', new LeaseError('LEASE_ABORTED', 'the wait was ended'), {}],
  ['P1008', new DatabaseError('BUSY', 'the file stays locked; i-1 was swept'), {}],
  ['P2024', new DatabaseError('QUEUE_FULL', 'too many wait'), {}],
  ['P2034', new DatabaseError('WRITE_CONFLICT', 'the lease was lost before COMMIT'), {}],
  ['P2034', new LeaseError('LEASE_LOST', 'taken over'), {}],
  ['P1001', new LeaseError('UNREACHABLE', 'no answer from eu-central-1', table), table],
  ['P1001', new LeaseError('TABLE_NOT_FOUND', 'no table app-locks in eu-central-1', table), table],
  ['P1010', new LeaseError('ACCESS_DENIED', 'app-locks in eu-central-1: denied', table), table],
  ['P1003', new DatabaseError('NOT_FOUND', 'there is no /mnt/efs/app.db', file), file],
  ['P1017', new DatabaseError('CLOSED', 'the database was closed'), {}],
  ['P1018', new DatabaseError('TRANSACTION_CLOSED', 'the transaction is over'), {}],
  ['COMMIT_UNKNOWN', new DatabaseError('COMMIT_UNKNOWN', 'an I/O error in COMMIT'), {}],
  ['CLOCK_SKEW', new LeaseError('CLOCK_SKEW', 'the clock is an hour ahead: fix it'), {}],
  ['CONFIGURATION', new DatabaseError('CONFIGURATION', 'the file is in WAL mode'), {}],
  ['CONFIGURATION', new LeaseError('CONFIGURATION', 'option x'), {}],
  ['FOREIGN_PROTOCOL', new LeaseError('FOREIGN_PROTOCOL', 'in use by Django'), {}],
]

/** After these nothing was written, and the cause may pass. */
const RETRYABLE = [
  'LEASE_TIMEOUT',
  'LEASE_ABORTED',
  'BUSY',
  'QUEUE_FULL',
  'WRITE_CONFLICT',
  'LEASE_LOST',
  'UNREACHABLE',
]

async function failure(at: FaultAt, error: Error, run: () => Promise<unknown>): Promise<unknown> {
  database.failNext(at, error)
  return run().then(
    () => {
      throw new Error('nothing failed')
    },
    (thrown: unknown) => thrown,
  )
}

describe.each(paths)('$path', ({ at, isRaw, run }) => {
  test.each(operational)('%s: %s', async (code, error, meta) => {
    const thrown = await failure(at, error, run)
    expect(thrown).toBeInstanceOf(Prisma.PrismaClientKnownRequestError)
    expect(thrown).toMatchObject({ code, meta })
    expect((thrown as Error).message).toContain(error.message)
    expect(() => JSON.stringify(thrown)).not.toThrow()
    expect(isRetryable(thrown)).toBe(RETRYABLE.includes((error as LeaseError | DatabaseError).code))
    // Whatever happened, the client goes on.
    await expect(run()).resolves.not.toThrow()
  })

  const sqlite: [string, string, number, string][] = [
    ['P2002', 'UNIQUE constraint failed: User.email', 2067, '`email`'],
    ['P2002', 'UNIQUE constraint failed: Tag.name', 1555, '`name`'],
    ['P2003', 'FOREIGN KEY constraint failed', 787, 'foreign key'],
    ['P2003', 'FOREIGN KEY constraint failed', 1811, 'foreign key'],
    ['P2039', 'no more seats', 1811, 'no more seats'],
    ['P2039', 'CHECK constraint failed: price', 275, 'price'],
    ['P2011', 'NOT NULL constraint failed: User.email', 1299, '`email`'],
    ['P2021', 'no such table: main.User', 1, '`main.User`'],
    ['P2022', 'no such column: main.User.name', 1, '`main.User.name`'],
    ['P2022', 'table User has no column named name', 1, '`name`'],
    ['P2039', 'database disk image is malformed', 11, 'malformed'],
    ['P1008', 'database is locked', 5, 'database is locked'],
    ['P1008', 'database is locked', 517, 'database is locked'],
  ]
  test.each(sqlite)('%s: %s', async (code, sqliteMessage, extendedCode, words) => {
    const error = new DatabaseError('SQLITE', sqliteMessage, { extendedCode, sqliteMessage })
    const thrown = await failure(at, error, run)
    expect(thrown).toBeInstanceOf(Prisma.PrismaClientKnownRequestError)
    expect(thrown).toMatchObject({ code: isRaw ? 'P2010' : code })
    const raw = `Code: \`${extendedCode}\`. Message: \`${sqliteMessage}\``
    if (code !== 'P1008') expect((thrown as Error).message).toContain(isRaw ? raw : words)
    expect(() => JSON.stringify(thrown)).not.toThrow()
    expect(isRetryable(thrown)).toBe(code === 'P1008')
  })
})

test('a unique violation names its fields and its model, as with the official adapter', async () => {
  const data = { email: email() }
  await prisma.user.create({ data })
  await expect(prisma.post.create({ data: { title: 'a', author: { create: data } } })).rejects.toMatchObject({
    code: 'P2002',
    meta: {
      modelName: 'User',
      driverAdapterError: { cause: { kind: 'UniqueConstraintViolation', constraint: { fields: ['email'] } } },
    },
  })
})

test('a unique violation on an index of an expression names the index', async () => {
  await prisma.$executeRaw`CREATE UNIQUE INDEX lowerName ON Tag(lower(name))`
  await prisma.tag.create({ data: { name: 'x' } })
  await expect(prisma.tag.create({ data: { name: 'X' } })).rejects.toThrow(
    'Unique constraint failed on the constraint: `lowerName`',
  )
})

test('what Prisma sees of an isolation level other than SERIALIZABLE', async () => {
  // Prisma refuses Snapshot itself.
  for (const [isolationLevel, message] of [
    ['ReadCommitted', 'leave isolationLevel out, or give Serializable'],
    ['Snapshot', 'Invalid isolation level: SNAPSHOT'],
  ] as const) {
    const refused = prisma.$transaction(async () => {}, { isolationLevel } as object)
    await expect(refused).rejects.toBeInstanceOf(Prisma.PrismaClientKnownRequestError)
    await expect(refused).rejects.toThrow(message)
  }
  await prisma.$transaction(async () => {}, { isolationLevel: 'Serializable' })
})

test('an error that is nobody’s passes through as it is', async () => {
  const bug = new TypeError('a bug')
  expect(await failure('execute', bug, () => prisma.user.findMany())).toBe(bug)
})
