import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createLeaseTable } from '@sqlite-efs/lease'
import { type LocalDynamoDB, startDynamoDB } from '@sqlite-efs/toolkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PrismaSqliteEfsOptions } from '../src/index.js'
import type { Prisma, PrismaClient } from './generated/prisma/client.js'
import { Workbench } from './support/clients.js'

const TTL_MS = 900
const PATIENT = { timeout: 60_000, maxWait: 60_000 }
const modes = ['immediate', 'deferred'] as const
let dynamodb: LocalDynamoDB
let client: DynamoDBClient

beforeAll(async () => {
  dynamodb = await startDynamoDB()
  client = new DynamoDBClient({ ...dynamodb.config, maxAttempts: 1 })
  for (const table of ['line', 'django-sqlite-efs']) await createLeaseTable(client, table)
})

afterAll(async () => {
  client.destroy()
  await dynamodb.close()
})

/** Of a lease as short as it can be. */
function short(protocol: 'line' | 'django-sqlite-efs' = 'line'): NonNullable<PrismaSqliteEfsOptions['lease']> {
  return { tableName: protocol, client, protocol, ttlMs: TTL_MS, maxClockSkewMs: 50, timeoutMs: 60_000 }
}

let names = 0
const create = (prisma: Prisma.TransactionClient) => prisma.tag.create({ data: { name: `${names++}` } })

/** Awaits one short statement after the other: Prisma goes from one to the next by microtasks alone. */
async function loop(forMs: number, statement: () => Promise<unknown>): Promise<number> {
  const endMs = performance.now() + forMs
  let count = 0
  for (; performance.now() < endMs; count++) await statement()
  return count
}

function compute(ms: number): void {
  const endMs = performance.now() + ms
  while (performance.now() < endMs);
}

/** Counts how often a timer of somebody else in the process fires meanwhile. */
async function timersDuring(action: () => Promise<unknown>): Promise<number> {
  let fired = 0
  const timer = setInterval(() => fired++, 1)
  await action()
  clearInterval(timer)
  return fired
}

const kinds: [string, (prisma: Prisma.TransactionClient) => Promise<unknown>][] = [
  ['create', create],
  ['createMany', (prisma) => prisma.tag.createMany({ data: [{ name: `${names++}` }, { name: `${names++}` }] })],
  [
    'connectOrCreate',
    (prisma) => {
      const tag = { name: `${names++}` }
      const author = { create: { email: tag.name } }
      return prisma.post.create({
        data: { title: tag.name, author, tags: { connectOrCreate: { where: tag, create: tag } } },
      })
    },
  ],
  ['$executeRaw', (prisma) => prisma.$executeRaw`INSERT INTO "Tag" (name) VALUES (${`${names++}`})`],
  ['findFirst', (prisma) => prisma.tag.findFirst({ where: { name: 'x' } })],
]

describe.each(modes)('an interactive transaction in mode %s', (transactionMode) => {
  test.each(kinds)('of many short statements outlives its lease: %s', async (_, statement) => {
    await using bench = await new Workbench().migrate()
    const prisma = bench.ours({ lease: short(), transactionMode })
    const transaction = () =>
      prisma.$transaction(async (tx) => {
        await create(tx)
        return loop(1.7 * TTL_MS, () => statement(tx))
      }, PATIENT)
    expect(await timersDuring(transaction)).toBeGreaterThan(5)
    expect(await prisma.tag.count()).toBeGreaterThan(0)
  })

  test('of many short statements outlives its lease by the protocol of django-sqlite-efs, too', async () => {
    await using bench = await new Workbench().migrate()
    const prisma = bench.ours({ lease: short('django-sqlite-efs'), transactionMode })
    const count = await prisma.$transaction((tx) => loop(1.7 * TTL_MS, () => create(tx)), PATIENT)
    expect(await prisma.tag.count()).toBe(count)
  })

  test("of many short statements ends at Prisma's own timeout, and the next one works", async () => {
    await using bench = await new Workbench().migrate()
    const prisma = bench.ours({ transactionMode })
    const late = () =>
      expect(prisma.$transaction((tx) => loop(20_000, () => create(tx)), { timeout: 500 })).rejects.toMatchObject({
        code: 'P2028',
      })
    expect(await timersDuring(late)).toBeGreaterThan(5)
    await create(prisma)
    expect(await prisma.tag.count()).toBe(1)
  })

  test('that computes for longer than the lease lasts between two statements goes on', async () => {
    await using bench = await new Workbench().migrate()
    const prisma = bench.ours({ lease: short(), transactionMode })
    await prisma.$transaction(async (tx) => {
      await create(tx)
      compute(1.5 * TTL_MS)
      await create(tx)
      compute(1.5 * TTL_MS)
    }, PATIENT)
    expect(await prisma.tag.count()).toBe(2)
  })
})

const large: [string, number, (prisma: PrismaClient) => Promise<unknown>][] = [
  [
    'a nested create',
    4_000,
    (prisma) =>
      prisma.user.create({
        data: { email: 'a', posts: { create: Array.from({ length: 4_000 }, (_, i) => ({ title: `${i}` })) } },
      }),
  ],
  [
    'a createMany',
    20_000,
    (prisma) => prisma.tag.createMany({ data: Array.from({ length: 20_000 }, (_, i) => ({ name: `${i}` })) }),
  ],
  [
    'a batch',
    3_000,
    (prisma) =>
      prisma.$transaction(Array.from({ length: 3_000 }, (_, i) => prisma.tag.create({ data: { name: `${i}` } }))),
  ],
]

test.each(large)('%s of %i rows, which Prisma prepares in one go, outlives its lease', async (_, count, write) => {
  await using bench = await new Workbench().migrate()
  const prisma = bench.ours({ lease: short() })
  await write(prisma)
  expect((await prisma.tag.count()) + (await prisma.post.count())).toBe(count)
})
