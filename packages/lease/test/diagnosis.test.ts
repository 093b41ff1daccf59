import { CreateTableCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb'
import { PolicedDynamoDB } from '@sqlite-efs/toolkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLeaseTable, DynamoDBLeaser, diagnoseLease, type LeaseDiagnosis, leasePolicy } from '../src/index.js'
import { WarpClock } from './warp-clock.js'

const TABLE = 'leases'
const KEY = 'database#/mnt/efs/app.db'
let db: PolicedDynamoDB
let client: DynamoDBClient

beforeAll(async () => {
  db = await PolicedDynamoDB.start()
  client = new DynamoDBClient({ ...db.config, maxAttempts: 1 })
  await createLeaseTable(client, TABLE)
})

afterAll(async () => {
  client.destroy()
  await db[Symbol.asyncDispose]()
})

const diagnose = (more: Partial<Parameters<typeof diagnoseLease>[0]> = {}) =>
  diagnoseLease({ tableName: TABLE, key: KEY, client, ...more })

const states = ({ permissions }: LeaseDiagnosis) =>
  Object.fromEntries(permissions.map(({ action, state }) => [action, state]))

async function allowing<T>(policy: PolicedDynamoDB['policy'], action: () => Promise<T>): Promise<T> {
  db.policy = policy
  try {
    return await action()
  } finally {
    db.policy = undefined
  }
}

describe('a diagnosis', () => {
  test('of what is in order says so, and changes nothing', async () => {
    const diagnosis = await diagnose()
    expect(diagnosis).toMatchObject({ tableName: TABLE, key: KEY, protocol: 'line', region: 'eu-central-1' })
    expect(diagnosis.table).toEqual({ state: 'fits', keys: ['pk HASH S'] })
    expect(states(diagnosis)).toEqual({ 'dynamodb:GetItem': 'allowed', 'dynamodb:UpdateItem': 'allowed' })
    expect(diagnosis.latencyMs).toBeGreaterThan(0)
    expect(diagnosis.clock?.provenSkewMs).toBe(0)
    expect(Math.abs(diagnosis.clock?.skewMs ?? Infinity)).toBeLessThanOrEqual(diagnosis.clock?.uncertaintyMs ?? 0)
    const { Item } = await client.send(new GetItemCommand({ TableName: TABLE, Key: { pk: { S: KEY } } }))
    expect(Item).toBeUndefined()
  })

  test('leaves a lease that is held alone, with either protocol', async () => {
    const lease = await new DynamoDBLeaser({ tableName: TABLE, client }).acquire(KEY)
    const read = async () => (await client.send(new GetItemCommand({ TableName: TABLE, Key: { pk: { S: KEY } } }))).Item
    const before = await read()
    await diagnose()
    const diagnosis = await diagnose({ protocol: 'django-sqlite-efs' })
    expect(states(diagnosis)).toEqual({
      'dynamodb:GetItem': 'allowed',
      'dynamodb:PutItem': 'allowed',
      'dynamodb:DeleteItem': 'allowed',
    })
    expect(await read()).toEqual(before)
    await lease.release()
  })

  test('with the least policy does not know the table, which is no fault, and needs nothing else', async () => {
    const policy = leasePolicy({ tableArn: db.arnOf(TABLE), key: KEY })
    const diagnosis = await allowing(policy, () => diagnose())
    expect(diagnosis.table).toMatchObject({ state: 'unknown', error: { code: 'ACCESS_DENIED' } })
    expect(states(diagnosis)).toEqual({ 'dynamodb:GetItem': 'allowed', 'dynamodb:UpdateItem': 'allowed' })
  })

  test.each(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem'])(
    'names %s, where that alone is denied, and still measures the clock',
    async (denied) => {
      const policy = leasePolicy({ tableArn: db.arnOf(TABLE), key: KEY, protocol: 'django-sqlite-efs' })
      for (const statement of policy.Statement) statement.Action = statement.Action.filter((each) => each !== denied)
      const diagnosis = await allowing(policy, () => diagnose({ protocol: 'django-sqlite-efs' }))
      const { permissions } = diagnosis
      expect(permissions.filter(({ state }) => state !== 'allowed')).toMatchObject([
        { action: denied, state: 'denied', error: { code: 'ACCESS_DENIED', details: { action: denied } } },
      ])
      expect(permissions).toHaveLength(3)
    },
  )

  test('of a table that is not there, or has another key, says which', async () => {
    const missing = await diagnose({ tableName: 'not-there' })
    expect(missing.table).toEqual({ state: 'missing', keys: [] })
    expect(states(missing)).toEqual({ 'dynamodb:GetItem': 'unknown', 'dynamodb:UpdateItem': 'unknown' })
    expect(missing.permissions[0]?.error?.code).toBe('TABLE_NOT_FOUND')
    await client.send(
      new CreateTableCommand({
        TableName: 'other-key',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      }),
    )
    const other = await diagnose({ tableName: 'other-key' })
    expect(other.table).toEqual({ state: 'wrong-key', keys: ['id HASH S'] })
  })

  test('of a clock that is wrong says by how much, within the resolution of a Date', async () => {
    const clock = new WarpClock()
    clock.advance(60_000)
    const { skewMs = 0, uncertaintyMs = 0, provenSkewMs = 0 } = (await diagnose({ clock })).clock ?? {}
    expect(Math.abs(skewMs - 60_000)).toBeLessThanOrEqual(uncertaintyMs)
    expect(provenSkewMs).toBeGreaterThan(0)
    expect(provenSkewMs).toBeLessThanOrEqual(60_000)
  })

  test('of nobody who answers is typed, and throws nothing', async () => {
    const nobody = new DynamoDBClient({ ...db.config, endpoint: 'http://127.0.0.1:9', maxAttempts: 1 })
    const diagnosis = await diagnose({ client: nobody })
    expect(diagnosis.table).toMatchObject({ state: 'unknown', error: { code: 'UNREACHABLE' } })
    expect(states(diagnosis)).toEqual({ 'dynamodb:GetItem': 'unknown', 'dynamodb:UpdateItem': 'unknown' })
    expect(diagnosis.clock).toBeUndefined()
    expect(diagnosis.latencyMs).toBeUndefined()
    nobody.destroy()
  })

  test.each([
    ['tableName', { tableName: 'a b' }],
    ['key', { key: '' }],
    ['protocol', { protocol: 'queue' as 'line' }],
    ['client', { client: {} as DynamoDBClient }],
  ])('refuses a %s that is wrong', async (option, wrong) => {
    await expect(diagnose(wrong)).rejects.toThrow(`Option ${option} must `)
  })
})

describe('a policy', () => {
  const tableArn = 'arn:aws:dynamodb:eu-central-1:123456789012:table/leases'

  test('allows the actions of its protocol, on one item of one table', () => {
    expect(leasePolicy({ tableArn, key: KEY })).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'SqliteEfsLease',
          Effect: 'Allow',
          Action: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
          Resource: tableArn,
          Condition: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [KEY] } },
        },
      ],
    })
    expect(leasePolicy({ tableArn, key: KEY, protocol: 'django-sqlite-efs' }).Statement[0]?.Action).toEqual([
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:DeleteItem',
    ])
  })

  test('takes a key for what it says, and not for a policy variable', () => {
    const [statement] = leasePolicy({ tableArn, key: 'database#/srv/${aws:username}.db' }).Statement
    expect(statement?.Condition['ForAllValues:StringEquals']['dynamodb:LeadingKeys']).toEqual([
      'database#/srv/${$}{aws:username}.db',
    ])
  })

  test.each([
    ['tableArn', { tableArn: 'leases' }],
    ['tableArn', { tableArn: 'arn:aws:dynamodb:eu-central-1:123456789012:table/*' }],
    ['tableArn', { tableArn: `${tableArn}/index/x` }],
    ['tableArn', { tableArn: 'arn:aws:dynamodb:*:123456789012:table/leases' }],
    ['key', { key: '' }],
    ['protocol', { protocol: 'queue' as 'line' }],
  ])('refuses a %s that is wrong or too wide', (option, wrong) => {
    expect(() => leasePolicy({ tableArn, key: KEY, ...wrong })).toThrow(`Option ${option} must `)
  })
})
