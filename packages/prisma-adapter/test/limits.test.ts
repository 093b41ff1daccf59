import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { openDatabase } from '@sqlite-efs/database'
import { createLeaseTable, LocalLeaser } from '@sqlite-efs/lease'
import { startDynamoDB } from '@sqlite-efs/toolkit'
import { expect, test } from 'vitest'
import { Prisma } from './generated/prisma/client.js'
import { Workbench } from './support/clients.js'

const TABLE = 'app-locks'
const WRITERS = Array.from({ length: 500 }, (_, n) => `writer ${String(n).padStart(3, '0')}`)

test('500 writers at once in one process: each is acknowledged, and each is there once', async () => {
  await using dynamodb = await startDynamoDB()
  await createLeaseTable(dynamodb.config, TABLE)
  await using bench = await new Workbench().migrate()
  const client = new DynamoDBClient(dynamodb.config)
  const prisma = bench.ours({ lease: { tableName: TABLE, client } })
  await Promise.all(WRITERS.map((name) => prisma.tag.create({ data: { name } })))
  const names = (await prisma.tag.findMany({ orderBy: { name: 'asc' } })).map(({ name }) => name)
  expect(names).toEqual(WRITERS)
})

test('500 interactive transactions at once: who does not get its turn in time fails typed, and only what was acknowledged is there', async () => {
  await using bench = await new Workbench().migrate()
  const prisma = bench.ours()
  let hearOfFailure = () => {}
  const someoneFailed = new Promise<void>((resolve) => {
    hearOfFailure = resolve
  })
  const outcomes = await Promise.allSettled(
    WRITERS.map(async (name, n) => {
      const transaction = prisma.$transaction(
        async (tx) => {
          await tx.tag.create({ data: { name } })
          // However fast this machine is, somebody has to go without.
          if (n === 0) await someoneFailed
        },
        { timeout: 60_000 },
      )
      await transaction.catch((error: unknown) => {
        hearOfFailure()
        throw error
      })
      return name
    }),
  )
  const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
  for (const error of errors) {
    expect(error).toBeInstanceOf(Prisma.PrismaClientKnownRequestError)
    // P2028 where Prisma's own patience (maxWait) ended first.
    expect(['P1008', 'P2028']).toContain((error as Prisma.PrismaClientKnownRequestError).code)
  }
  const acknowledged = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  const names = (await prisma.tag.findMany({ orderBy: { name: 'asc' } })).map(({ name }) => name)
  expect(names).toEqual(acknowledged)
  await prisma.$transaction((tx) => tx.tag.create({ data: { name: 'after' } }))
})

test('more writes than the queue takes: P2024, nothing of what was refused is there, and it recovers', async () => {
  await using bench = await new Workbench().migrate()
  const prisma = bench.ours()
  // It is the same queue: one process has one for a file.
  const other = openDatabase({
    path: bench.file,
    leaser: new LocalLeaser({ directory: `${bench.file}-lease` }),
    timeoutMs: 60_000,
  })
  const transaction = await other.transaction()
  const waiting = Array.from({ length: 10_000 }, () => other.execute('UPDATE User SET name = NULL'))
  for (const write of [
    () => prisma.tag.create({ data: { name: 'x' } }),
    () => prisma.user.create({ data: { email: 'x', profile: { create: { bio: 'y' } } } }),
    () => prisma.$transaction([prisma.tag.create({ data: { name: 'x' } })]),
    () => prisma.$transaction((tx) => tx.tag.create({ data: { name: 'x' } })),
    () => prisma.$executeRaw`INSERT INTO Tag VALUES ('x')`,
  ]) {
    const thrown = await write().then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(thrown).toBeInstanceOf(Prisma.PrismaClientKnownRequestError)
    expect(thrown).toMatchObject({ code: 'P2024' })
  }
  await transaction.rollback()
  await Promise.all(waiting)
  await prisma.tag.create({ data: { name: 'after' } })
  expect((await prisma.tag.findMany()).map(({ name }) => name)).toEqual(['after'])
  expect(await prisma.user.count()).toBe(0)
  await other.close()
})
