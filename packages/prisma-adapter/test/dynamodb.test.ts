import { DeleteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { DatabaseEvent } from '@sqlite-efs/database'
import { createLeaseTable, DynamoDBLeaser, type LeaseEvent } from '@sqlite-efs/lease'
import { type LocalDynamoDB, startDynamoDB } from '@sqlite-efs/toolkit'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { PrismaSqliteEfs, type PrismaSqliteEfsOptions } from '../src/index.js'
import { Prisma, type PrismaClient } from './generated/prisma/client.js'
import { Workbench } from './support/clients.js'

const TABLE = 'app-locks'
let dynamodb: LocalDynamoDB
let client: DynamoDBClient

beforeAll(async () => {
  dynamodb = await startDynamoDB()
  client = new DynamoDBClient({ ...dynamodb.config, maxAttempts: 1 })
  await createLeaseTable(client, TABLE)
})

afterAll(async () => {
  client.destroy()
  await dynamodb.close()
})

afterEach(() => vi.unstubAllEnvs())

type Lease = Exclude<PrismaSqliteEfsOptions['lease'], 'local' | undefined>
const line = (more: Lease = {}) => ({ lease: { tableName: TABLE, client, ...more } })
const create = (prisma: Prisma.TransactionClient, name: string) => prisma.tag.create({ data: { name } })
const tags = async (prisma: PrismaClient) =>
  (await prisma.tag.findMany({ orderBy: { name: 'asc' } })).map(({ name }) => name)

/** A client whose requests end in `handle`. */
function clientThat(handle: () => Promise<never>): DynamoDBClient {
  return new DynamoDBClient({ ...dynamodb.config, maxAttempts: 1, requestHandler: { handle } })
}

test('writes under a lease from DynamoDB, reads without one', async () => {
  await using bench = await new Workbench().migrate()
  const events: (DatabaseEvent | LeaseEvent)[] = []
  const prisma = bench.ours({ ...line(), onEvent: (event) => events.push(event) })
  expect(await tags(prisma)).toEqual([])
  expect(events.filter(({ type }) => type !== 'read-window')).toEqual([])
  await create(prisma, 'a')
  await prisma.$transaction((transaction) => create(transaction, 'b'))
  await prisma.$disconnect()
  expect(await tags(prisma)).toEqual(['a', 'b'])
  const key = `database#${bench.file}`
  expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['acquired', 'released']))
  expect(new Set(events.flatMap((event) => ('key' in event ? event.key : [])))).toEqual(new Set([key]))
  expect(events.filter(({ type }) => type === 'commit')).toMatchObject([{ path: bench.file }, { path: bench.file }])
  const tokens = events.flatMap((event) => (event.type === 'acquired' ? [event.token] : []))
  expect(tokens).toEqual(tokens.toSorted((a, b) => a - b))
})

test('the key can be given, where instances mount the file at different paths', async () => {
  await using bench = await new Workbench().migrate()
  const events: (DatabaseEvent | LeaseEvent)[] = []
  const prisma = bench.ours({ ...line({ key: 'the-app' }), onEvent: (event) => events.push(event) })
  await create(prisma, 'a')
  expect(new Set(events.flatMap((event) => ('key' in event ? event.key : [])))).toEqual(new Set(['the-app']))
})

test('table, region and credentials come from the environment, without a client', async () => {
  vi.stubEnv('SQLITE_LOCK_DYNAMODB_TABLE', TABLE)
  for (const [name, value] of Object.entries(dynamodb.env)) vi.stubEnv(name, value)
  await using bench = await new Workbench().migrate()
  const prisma = bench.client(new PrismaSqliteEfs({ url: bench.file }))
  await create(prisma, 'a')
  expect(await tags(prisma)).toEqual(['a'])
})

test('on AWS Lambda a write resolves only after the release', async () => {
  vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'app')
  await using bench = await new Workbench().migrate()
  const events: string[] = []
  const prisma = bench.ours({ ...line(), onEvent: ({ type }) => events.push(type) })
  for (const write of [
    () => create(prisma, 'a'),
    () => prisma.$transaction((transaction) => create(transaction, 'b')),
    () => prisma.$transaction([create(prisma, 'c'), create(prisma, 'd')]),
    () => prisma.$executeRaw`DELETE FROM Tag`,
  ]) {
    await write()
    events.push('answered')
  }
  expect(events.filter((event) => !['waiting', 'renewed', 'read-window'].includes(event))).toEqual(
    Array.from({ length: 4 }, () => ['acquired', 'commit', 'released', 'answered']).flat(),
  )
})

/** Longer than one request may take: a shorter wait says no more than that it is over. */
const PATIENT = { timeoutMs: 1_500, transactionTimeoutMs: 1_500 }

/** What stops every write, and what the message has to name. */
const obstacles: Record<string, { lease: () => Lease; code: string; named: string[] }> = {
  'a table that does not exist': {
    lease: () => ({ tableName: 'not-there', client }),
    code: 'P1001',
    named: ['not-there', 'eu-central-1'],
  },
  'denied access': {
    lease: () => ({ tableName: TABLE, client: clientThat(() => answer(400, 'AccessDeniedException')) }),
    code: 'P1010',
    named: [TABLE, 'eu-central-1'],
  },
  'an endpoint that refuses connections': {
    lease: () => ({
      tableName: TABLE,
      client: new DynamoDBClient({ ...dynamodb.config, endpoint: 'http://127.0.0.1:9', maxAttempts: 1 }),
      ...PATIENT,
    }),
    code: 'P1001',
    named: [TABLE, 'eu-central-1'],
  },
  'a host that there is not': {
    lease: () => ({
      tableName: TABLE,
      client: new DynamoDBClient({ ...dynamodb.config, endpoint: 'http://dynamodb.nowhere.invalid', maxAttempts: 1 }),
      ...PATIENT,
    }),
    code: 'P1001',
    named: [TABLE],
  },
  // dynalite has all tables in every region.
  'a table that is in another region only': {
    lease: () => ({
      tableName: 'not-there',
      client: new DynamoDBClient({ ...dynamodb.config, region: 'us-east-1', maxAttempts: 1 }),
    }),
    code: 'P1001',
    named: ['not-there', 'us-east-1'],
  },
}

/** As DynamoDB answers an error. */
function answer(statusCode: number, type: string): Promise<never> {
  const error = Object.assign(new Error(`User: arn:aws:iam::1:role/app is not authorized (${type})`), {
    name: type,
    $fault: 'client',
    $metadata: { httpStatusCode: statusCode },
  })
  return Promise.reject(error)
}

describe.each(Object.entries(obstacles))('%s', { concurrent: true }, (_, { lease, code, named }) => {
  test.each<[string, (prisma: PrismaClient) => Promise<unknown>]>([
    ['a write', (prisma) => create(prisma, 'x')],
    ['a nested write', (prisma) => prisma.user.create({ data: { email: 'x', profile: { create: { bio: 'y' } } } })],
    ['a batch', (prisma) => prisma.$transaction([create(prisma, 'x')])],
    ['an interactive transaction', (prisma) => prisma.$transaction((transaction) => create(transaction, 'x'))],
    ['$executeRaw', (prisma) => prisma.$executeRaw`DELETE FROM Tag`],
  ])(`stops %s with ${code}`, async (_name, write) => {
    await using bench = await new Workbench().migrate()
    const prisma = bench.ours({ lease: lease() })
    const thrown = await write(prisma).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(thrown).toBeInstanceOf(Prisma.PrismaClientKnownRequestError)
    expect(thrown).toMatchObject({ code })
    for (const name of named) expect((thrown as Error).message).toContain(name)
    // Reads need no lease, and show that nothing was written.
    expect(await tags(prisma)).toEqual([])
  })
})

test('a line that somebody else holds: P1008 names the holder, and the next turn is had when it is free', async () => {
  await using bench = await new Workbench().migrate()
  const other = new DynamoDBLeaser({ tableName: TABLE, client })
  const held = await other.acquire(`database#${bench.file}`, { owner: 'somebody-else' })
  const prisma = bench.ours(line({ timeoutMs: 300, transactionTimeoutMs: 300 }))
  for (const write of [
    () => create(prisma, 'x'),
    () => prisma.$transaction((transaction) => create(transaction, 'x')),
    () => prisma.user.create({ data: { email: 'x', profile: { create: { bio: 'y' } } } }),
    () => prisma.$executeRaw`DELETE FROM Tag`,
  ]) {
    const thrown = await write().then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(thrown).toBeInstanceOf(Prisma.PrismaClientKnownRequestError)
    expect(thrown).toMatchObject({ code: 'P1008', meta: { holder: 'somebody-else' } })
    expect((thrown as Error).message).toContain('somebody-else')
  }
  expect(await tags(prisma)).toEqual([])
  await held.release()
  await create(prisma, 'mine')
  expect(await tags(prisma)).toEqual(['mine'])
})

test('a lease that is taken away in a transaction is P2034, and the client goes on', async () => {
  await using bench = await new Workbench().migrate()
  let hear = () => {}
  const lost = new Promise<void>((resolve) => {
    hear = resolve
  })
  const prisma = bench.ours({
    ...line({ ttlMs: 900, maxClockSkewMs: 100 }),
    onEvent: ({ type }) => {
      if (type === 'lost') hear()
    },
  })
  const failed = prisma.$transaction(async (transaction) => {
    await create(transaction, 'x')
    await client.send(new DeleteItemCommand({ TableName: TABLE, Key: { pk: { S: `database#${bench.file}` } } }))
    await lost
  })
  await expect(failed).rejects.toBeInstanceOf(Prisma.PrismaClientKnownRequestError)
  await expect(failed).rejects.toMatchObject({ code: 'P2034' })
  await create(prisma, 'after')
  expect(await tags(prisma)).toEqual(['after'])
})

test('P1008 names the holder to whoever gives up first, while others of this process wait on', async () => {
  await using bench = await new Workbench().migrate()
  const other = new DynamoDBLeaser({ tableName: TABLE, client })
  const held = await other.acquire(`database#${bench.file}`, { owner: 'somebody-else' })
  const prisma = bench.ours(line({ timeoutMs: 5000, transactionTimeoutMs: 300 }))
  const patient = create(prisma, 'patient').then(() => undefined)
  const thrown = await prisma
    .$transaction((transaction) => create(transaction, 'x'))
    .then(
      () => undefined,
      (error: unknown) => error,
    )
  await held.release()
  await patient
  expect(thrown).toMatchObject({ code: 'P1008', meta: { holder: 'somebody-else' } })
  expect((thrown as Error).message).toContain('somebody-else')
})
