import { CreateTableCommand, DescribeTableCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLeaseTable, type LeaseError, leaseTableArn } from '../src/index.js'
import { intercepted, startDynamoDB, type TestDynamoDB } from './dynalite.js'
import { WarpClock } from './warp-clock.js'

let db: TestDynamoDB

beforeAll(async () => {
  db = await startDynamoDB()
})

afterAll(() => db.stop())

const errorOf = (promise: Promise<unknown>) => promise.then(() => undefined).catch((error: LeaseError) => error)

test('creates a table that is billed by request, with the key pk, and waits until it is ready', async () => {
  await createLeaseTable(db.client(), 'fresh')
  const { Table } = await db.client().send(new DescribeTableCommand({ TableName: 'fresh' }))
  expect(Table).toMatchObject({
    TableStatus: 'ACTIVE',
    BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
  })
})

/** A client, with the operations and the bodies of what it sends. */
function recorded() {
  const sent: { operation: string; body: Record<string, unknown> }[] = []
  const client = intercepted(db, (send) => (request, options) => {
    const operation = request.headers['x-amz-target']?.split('.').at(-1) ?? ''
    const body = JSON.parse(new TextDecoder().decode(request.body as Uint8Array)) as Record<string, unknown>
    sent.push({ operation, body })
    return send(request, options)
  })
  return { client, sent }
}

test('protects a new table against deletion, and says so', async () => {
  const { client, sent } = recorded()
  expect(await createLeaseTable(client, 'protected')).toEqual({ isNew: true, isProtected: true })
  const { body } = sent.find(({ operation }) => operation === 'CreateTable') ?? {}
  expect(body).toMatchObject({ DeletionProtectionEnabled: true })
})

test('leaves a table as it is that was there, and says whether it is protected', async () => {
  const { client, sent } = recorded()
  await createLeaseTable(db.client(), 'there')
  // dynalite knows no protection.
  expect(await createLeaseTable(client, 'there')).toEqual({ isNew: false, isProtected: false })
  const guarded = intercepted(db, (send) => async (request, options) => {
    const output = await send(request, options)
    const body =
      '{"Table":{"TableStatus":"ACTIVE","DeletionProtectionEnabled":true,"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}]}}'
    Object.assign(output.response, { body: new Blob([body]).stream() })
    output.response.headers['content-length'] = String(body.length)
    delete output.response.headers['x-amz-crc32']
    return output
  })
  expect(await createLeaseTable(guarded, 'there')).toEqual({ isNew: false, isProtected: true })
  expect(new Set(sent.map(({ operation }) => operation))).toEqual(new Set(['DescribeTable']))
})

test('says why it still waits, each reason once', async () => {
  const client = db.client({ endpoint: 'http://127.0.0.1:9' })
  const clock = new WarpClock()
  const reasons: LeaseError[] = []
  const creating = errorOf(createLeaseTable(client, 'unreachable', { clock, onWait: (why) => reasons.push(why) }))
  const timer = setInterval(() => clock.advance(500), 1)
  expect(await creating).toMatchObject({ code: 'UNREACHABLE' })
  clearInterval(timer)
  expect(reasons.length).toBeGreaterThan(0)
  expect(new Set(reasons.map(({ message }) => message)).size).toBe(reasons.length)
})

test('takes the options of a client, too', async () => {
  await createLeaseTable(db.config, 'by-options')
  expect(await errorOf(createLeaseTable(db.client(), 'by-options'))).toBeUndefined()
})

test('is idempotent, also for several at once', async () => {
  const calls = Array.from({ length: 4 }, () => createLeaseTable(db.client(), 'idempotent'))
  expect(await Promise.all(calls)).toHaveLength(4)
  await createLeaseTable(db.client(), 'idempotent')
})

test.each([
  ['another name', 'id', 'S'],
  ['another type', 'pk', 'N'],
] as const)('refuses a table whose key has %s', async (_, name, type) => {
  const tableName = `wrong-${name}-${type}`
  await db.client().send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: name, AttributeType: type }],
      KeySchema: [{ AttributeName: name, KeyType: 'HASH' }],
    }),
  )
  const error = await errorOf(createLeaseTable(db.client(), tableName))
  expect(error).toMatchObject({ code: 'CONFIGURATION', details: { tableName } })
  expect(error?.message).toContain(`${name} HASH ${type}`)
})

test('survives lost answers', async () => {
  let losses = 3
  const client = intercepted(db, (send) => async (request, options) => {
    const output = await send(request, options)
    if (losses-- > 0) throw new Error('socket hang up')
    return output
  })
  await createLeaseTable(client, 'lossy')
  expect(losses).toBeLessThanOrEqual(0)
})

test('refuses a name that DynamoDB would refuse', async () => {
  expect(await errorOf(createLeaseTable(db.client(), 'a b'))).toMatchObject({ code: 'CONFIGURATION' })
})

test('tells of denied access', async () => {
  const client = intercepted(db, () => () => {
    return Promise.reject(Object.assign(new Error('no'), { name: 'AccessDeniedException' }))
  })
  expect(await errorOf(createLeaseTable(client, 'denied'))).toMatchObject({ code: 'ACCESS_DENIED' })
})

test('gives up where the credentials never come', async () => {
  // The region comes from a file, say.
  const region = () => new Promise<string>((resolve) => setImmediate(resolve, 'eu-central-1'))
  const client = db.client({ region, credentials: () => new Promise(() => {}) })
  const clock = new WarpClock()
  const creating = errorOf(createLeaseTable(client, 'never', { clock }))
  const timer = setInterval(() => clock.advance(1_000), 1)
  expect(await creating).toMatchObject({
    code: 'UNREACHABLE',
    message: expect.stringContaining('never in eu-central-1') as string,
  })
  clearInterval(timer)
})

test("tells a table's ARN, and that there is none", async () => {
  await createLeaseTable(db.client(), 'named')
  const { Table } = await db.client().send(new DescribeTableCommand({ TableName: 'named' }))
  expect(await leaseTableArn(db.config, 'named')).toBe(Table?.TableArn)
  await expect(leaseTableArn(db.client(), 'nowhere')).rejects.toMatchObject({
    code: 'TABLE_NOT_FOUND',
    details: { tableName: 'nowhere' },
  })
})
