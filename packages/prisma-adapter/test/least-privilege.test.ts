import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { DatabaseEvent } from '@sqlite-efs/database'
import {
  createLeaseTable,
  DjangoCompatibleLeaser,
  DynamoDBLeaser,
  type LeaseEvent,
  leasePolicy,
} from '@sqlite-efs/lease'
import { PolicedDynamoDB } from '@sqlite-efs/toolkit'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Prisma, type PrismaClient } from './generated/prisma/client.js'
import { Workbench } from './support/clients.js'
import { somebodyElse } from './support/somebody-else.js'

const TABLE = 'app-locks'
let db: PolicedDynamoDB
let client: DynamoDBClient

beforeAll(async () => {
  db = await PolicedDynamoDB.start()
  client = new DynamoDBClient({ ...db.config, maxAttempts: 1 })
  await createLeaseTable(client, TABLE)
})

beforeEach(() => {
  db.policy = undefined
  db.fate = () => 'served'
  db.requests.length = 0
})

afterAll(async () => {
  client.destroy()
  await db[Symbol.asyncDispose]()
})

const create = (prisma: Prisma.TransactionClient, name: string) => prisma.tag.create({ data: { name } })

const tags = async (prisma: PrismaClient) =>
  (await prisma.tag.findMany({ orderBy: { name: 'asc' } })).map(({ name }) => name)

const protocols = {
  line: ['GetItem', 'UpdateItem'],
  'django-sqlite-efs': ['DeleteItem', 'GetItem', 'PutItem'],
} as const

describe.each(Object.entries(protocols))('with the least policy of protocol %s', (name, actions) => {
  const protocol = name as keyof typeof protocols
  const leaserOf = () =>
    protocol === 'line'
      ? new DynamoDBLeaser({ tableName: TABLE, client })
      : new DjangoCompatibleLeaser({ tableName: TABLE, client })

  test('reads, writes, transactions, yields, raises, sweeps and lost answers are refused nothing', async () => {
    await using bench = await new Workbench().migrate()
    const key = `database#${bench.file}`
    db.policy = leasePolicy({ tableArn: db.arnOf(TABLE), key, protocol })
    const events: (DatabaseEvent | LeaseEvent)[] = []
    const lease = { tableName: TABLE, client, protocol, maxHoldMs: 0 }
    const prisma = bench.ours({ lease, onEvent: (event) => events.push(event) })
    const operator = leaserOf()

    await create(prisma, 'a')
    await prisma.$transaction((transaction) => create(transaction, 'b'))
    // Those behind the first go on under a lease that is yielded.
    await Promise.all(['c', 'd', 'e'].map((each) => prisma.$transaction([create(prisma, each)])))
    expect(events.map(({ type }) => type)).toContain('yielded')

    // A file that knows a far larger ticket than the table: its fence has the last word.
    const fence = 2 ** 30
    await (await somebodyElse(bench.file, `PRAGMA user_version = ${fence}`))[Symbol.asyncDispose]()
    await create(prisma, 'f')
    const { contenders } = await operator.inspect(key)
    expect(contenders.length).toBeLessThanOrEqual(1)

    const first = new Set<string>()
    db.fate = ({ action }) => {
      if (first.has(action)) return 'served'
      first.add(action)
      return 'unanswered'
    }
    await create(prisma, 'g')
    await prisma.$disconnect()
    db.fate = () => 'served'

    const held = await leaserOf().acquire(key)
    await operator.sweep(key, held.token, { force: true })
    await create(prisma, 'h')
    await held.release()

    expect(await tags(prisma)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])
    expect(db.refused).toEqual([])
    expect([...new Set(db.requests.map(({ action }) => action))].toSorted()).toEqual(
      actions.map((action) => `dynamodb:${action}`),
    )
  })

  test.each(['GetItem', protocol === 'line' ? 'UpdateItem' : 'PutItem'])('but %s, P1010 names it', async (missing) => {
    await using bench = await new Workbench().migrate()
    // Who has to wait needs every action.
    const held = await leaserOf().acquire(`database#${bench.file}`)
    const policy = leasePolicy({ tableArn: db.arnOf(TABLE), key: `database#${bench.file}`, protocol })
    for (const statement of policy.Statement) {
      statement.Action = statement.Action.filter((action) => action !== `dynamodb:${missing}`)
    }
    db.policy = policy
    const prisma = bench.ours({ lease: { tableName: TABLE, client, protocol } })
    const thrown: unknown = await create(prisma, 'x').catch((error: unknown) => error)
    expect(thrown).toBeInstanceOf(Prisma.PrismaClientKnownRequestError)
    expect(thrown).toMatchObject({ code: 'P1010', meta: { action: `dynamodb:${missing}` } })
    expect((thrown as Error).message).toContain(`dynamodb:${missing}`)
    db.policy = undefined
    await held.release()
    expect(await tags(prisma)).toEqual([])
  })

  test('another key of the table is refused', async () => {
    await using bench = await new Workbench().migrate()
    db.policy = leasePolicy({ tableArn: db.arnOf(TABLE), key: 'database#/mnt/efs/another.db', protocol })
    const prisma = bench.ours({ lease: { tableName: TABLE, client, protocol } })
    await expect(create(prisma, 'x')).rejects.toMatchObject({ code: 'P1010' })
  })
})

test('a Django application and a Prisma one take turns on one file, and a line is refused there', async () => {
  await using bench = await new Workbench().migrate()
  const key = `database#${bench.file}`
  const lease = { tableName: TABLE, client, protocol: 'django-sqlite-efs', timeoutMs: 300 } as const
  const prisma = bench.ours({ lease })
  const held = await new DjangoCompatibleLeaser({ tableName: TABLE, client }).acquire(key)
  await expect(create(prisma, 'x')).rejects.toMatchObject({ code: 'P1008' })
  expect(await tags(prisma)).toEqual([])
  await held.renew()
  await prisma.$disconnect()
  const line = bench.ours({ lease: { tableName: TABLE, client } })
  await expect(create(line, 'x')).rejects.toMatchObject({ code: 'FOREIGN_PROTOCOL' })
  await line.$disconnect()
  await held.release()
  await create(prisma, 'y')
  expect(await tags(prisma)).toEqual(['y'])
})
