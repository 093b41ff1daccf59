import { type AddressInfo, createServer, type Server } from 'node:net'
import { type AttributeValue, CreateTableCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClient } from '../src/dynamodb/client.js'
import { failureOf } from '../src/dynamodb/failure.js'
import { DynamoDBLeaser, type DynamoDBLeaserOptions, LeaseError } from '../src/index.js'
import { type Handle, intercepted, startDynamoDB, TABLE, type TestDynamoDB } from './dynalite.js'
import { impatient } from './impatient.js'

let db: TestDynamoDB

beforeAll(async () => {
  db = await startDynamoDB()
})

afterAll(() => db.stop())

let keys = 0
const newKey = () => `database#/mnt/efs/faults-${++keys}.db`

const leaserOver = (client: DynamoDBLeaserOptions['client'], options: Partial<DynamoDBLeaserOptions> = {}) =>
  new DynamoDBLeaser({ tableName: TABLE, ...(client && { client }), ...options })

const read = async (key: string) =>
  (await db.client().send(new GetItemCommand({ TableName: TABLE, Key: { pk: { S: key } } }))).Item

const write = (key: string, attributes: Record<string, AttributeValue>) =>
  db.client().send(new PutItemCommand({ TableName: TABLE, Item: { pk: { S: key }, ...attributes } }))

const errorOf = async (promise: Promise<unknown>): Promise<LeaseError> => {
  const error = await promise.then(
    () => undefined,
    (e: unknown) => e,
  )
  expect(error).toBeInstanceOf(LeaseError)
  return error as LeaseError
}

/** Which operation of the line a request is, by its update expression. */
function operationOf(request: Parameters<Handle>[0]): string {
  const body = JSON.parse(new TextDecoder().decode(request.body as Uint8Array)) as {
    UpdateExpression?: string
    ConsistentRead?: boolean
  }
  const update = body.UpdateExpression
  if (update === undefined) return body.ConsistentRead ? 'read' : 'look'
  if (update.includes('#oldT')) return 'yield'
  if (update.includes('if_not_exists')) return 'join'
  if (update.includes('#swept')) return 'sweep'
  if (update.startsWith('REMOVE')) return 'leave'
  return update.includes(':floor') ? 'raise' : 'renew'
}

/** As the SDK's own providers end where none of them finds anything. */
const noCredentials = () =>
  Promise.reject(Object.assign(new Error('Could not load credentials'), { name: 'CredentialsProviderError' }))

/** Counts the requests, and does to the first ones of each operation what `faults` says. */
function faulty(faults: Record<string, ((send: () => ReturnType<Handle>) => ReturnType<Handle>)[]> = {}) {
  const requests: string[] = []
  const client = intercepted(db, (send) => (request, options) => {
    const operation = operationOf(request)
    requests.push(operation)
    const fault = faults[operation]?.shift()
    return fault ? fault(() => send(request, options)) : send(request, options)
  })
  return { client, requests }
}

type Fault = (send: () => ReturnType<Handle>) => ReturnType<Handle>

const reset = () => Object.assign(new Error('socket hang up'), { name: 'ECONNRESET' })

const lostAnswer: Fault = async (send) => {
  await send()
  throw reset()
}

const lostRequest: Fault = () => Promise.reject(reset())

const duplicated: Fault = async (send) => {
  await send()
  return send()
}

const answered =
  (statusCode: number, type: string, message = 'told so by the test'): Fault =>
  async (send) => {
    const output = await send()
    const text = JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message })
    const body = new Blob([text]).stream()
    Object.assign(output.response, { statusCode, body })
    output.response.headers['content-length'] = String(text.length)
    delete output.response.headers['x-amz-crc32']
    return output
  }

/** Nothing is applied. */
const refusedAs =
  (name: string): Fault =>
  () =>
    Promise.reject(Object.assign(new Error('told so by the test'), { name }))

const dated =
  (offMs: number): Fault =>
  async (send) => {
    const output = await send()
    output.response.headers['date'] = new Date(Date.now() + offMs).toUTCString()
    return output
  }

describe('requests', () => {
  test('an uncontended acquisition is one request, and a release is one', async () => {
    const { client, requests } = faulty()
    const lease = await leaserOver(client).acquire(newKey())
    await lease.release()
    expect(requests).toEqual(['join', 'leave'])
  })

  test('a yield is one request', async () => {
    const { client, requests } = faulty()
    const lease = await leaserOver(client).acquire(newKey())
    await (await lease.yield()).release()
    expect(requests).toEqual(['join', 'yield', 'leave'])
  })

  test('the item carries the attributes of the specification, flat', async () => {
    const { client } = faulty()
    const key = newKey()
    const lease = await leaserOver(client).acquire(key, { owner: 'alice' })
    const Item = await read(key)
    const id = Object.keys(Item ?? {})
      .find((name) => name.startsWith('t:'))
      ?.slice(2)
    expect(id).toMatch(/^[a-z2-7]{8}$/)
    expect(Object.keys(Item ?? {}).sort()).toEqual(['pk', 'ticket', `t:${id}`, `u:${id}`, `w:${id}`].sort())
    await lease.release()
  })
})

describe('answers that are lost after the write was applied', () => {
  test.each([
    ['lost answer', lostAnswer],
    ['lost request', lostRequest],
    ['duplicate', duplicated],
    ['5xx after it was applied', answered(500, 'InternalServerError')],
    ['lost answer, twice', lostAnswer, lostAnswer],
    ['lost request, then lost answer', lostRequest, lostAnswer],
  ])('join, yield, renew and leave survive: %s', async (_, ...faults) => {
    const copies = () => [...(faults as Fault[])]
    const { client } = faulty({ join: copies(), yield: copies(), renew: copies(), leave: copies() })
    const leaser = leaserOver(client)
    const key = newKey()
    const lease = await leaser.acquire(key)
    expect((await leaser.inspect(key)).contenders).toMatchObject([{ ticket: lease.token }])
    await lease.renew()
    const next = await lease.yield()
    expect((await leaser.inspect(key)).contenders).toMatchObject([{ ticket: next.token }])
    expect(next.token).toBeGreaterThan(lease.token)
    await next.release()
    expect((await leaser.inspect(key)).contenders).toEqual([])
  })

  test('an entry that cannot be swept, for somebody damaged it, does not make its successor hammer the table', async () => {
    const key = newKey()
    await write(key, { ticket: { N: '1' }, 't:deadbeef': { N: '1' } })
    const { client, requests } = faulty()
    const error = await errorOf(leaserOver(client).acquire(key, impatient()))
    expect(error.code).toBe('LEASE_TIMEOUT')
    expect(requests.join(' ')).toContain('sweep read look')
    expect(requests.join(' ')).not.toContain('sweep read sweep')
  })

  test('looks, reads and sweeps survive too', async () => {
    const key = newKey()
    const past = String(Date.now() - 60_000)
    const dead = { 't:deadbeef': { N: '1' }, 'u:deadbeef': { N: past }, 'w:deadbeef': { S: 'alice' } }
    await write(key, { ticket: { N: '1' }, ...dead })
    const { client, requests } = faulty({ join: [lostAnswer], read: [lostRequest], sweep: [lostAnswer] })
    const lease = await leaserOver(client).acquire(key)
    expect(lease.token).toBe(2)
    expect(requests.filter((operation) => operation === 'join')).toHaveLength(1)
    await lease.release()
  })

  test('a settled join is not repeated: a lost answer costs one read', async () => {
    const { client, requests } = faulty({ join: [lostAnswer] })
    const lease = await leaserOver(client).acquire(newKey())
    await lease.release()
    expect(requests).toEqual(['join', 'read', 'leave'])
  })

  test('a leave that is not acknowledged in time is told, and goes on in the background', async () => {
    const { client } = faulty({ leave: Array.from({ length: 5 }, () => lostRequest) })
    // The pauses grow from 18 ms: by the fourth try twice the request timeout is over.
    const leaser = leaserOver(client, { requestTimeoutMs: 50, random: () => 0.9 })
    const key = newKey()
    const lease = await leaser.acquire(key)
    expect((await errorOf(lease.release())).code).toBe('UNREACHABLE')
    await expect.poll(async () => (await leaser.inspect(key)).contenders).toEqual([])
  })

  test('a leave that is denied is not repeated: its release reports the refusal', async () => {
    const { client, requests } = faulty({ leave: [answered(400, 'AccessDeniedException')] })
    const lease = await leaserOver(client).acquire(newKey())
    expect((await errorOf(lease.release())).code).toBe('ACCESS_DENIED')
    expect(requests).toEqual(['join', 'leave'])
  })

  test('`await using` does not hide what its block threw behind a leave that failed', async () => {
    const { client } = faulty({ leave: Array.from({ length: 2 }, () => answered(400, 'AccessDeniedException')) })
    const leaser = leaserOver(client)
    const block = async () => {
      await using lease = await leaser.acquire(newKey())
      throw new Error(`the block's own, with token ${lease.token}`)
    }
    await expect(block()).rejects.toThrow("the block's own")
    await expect(block()).rejects.not.toHaveProperty('suppressed')
  })

  test('a join that was given up while it was under way leaves no entry behind', async () => {
    let goOn = () => {}
    const held: Fault = async (send) => {
      await new Promise<void>((resolve) => {
        goOn = resolve
      })
      return send()
    }
    const { client, requests } = faulty({ join: [held] })
    const leaser = leaserOver(client)
    const key = newKey()
    const patience = new AbortController()
    const acquired = errorOf(leaser.acquire(key, { signal: patience.signal }))
    await expect.poll(() => requests).toEqual(['join'])
    patience.abort()
    expect((await acquired).code).toBe('LEASE_ABORTED')
    goOn()
    await expect.poll(() => requests).toContain('leave')
    await expect.poll(async () => (await leaser.inspect(key)).contenders).toEqual([])
  })
})

describe('throttling', () => {
  test.each(['ProvisionedThroughputExceededException', 'ThrottlingException', 'RequestLimitExceeded'])(
    '%s backs off and tries again',
    async (name) => {
      const { client, requests } = faulty({ join: Array.from({ length: 3 }, () => refusedAs(name)) })
      const lease = await leaserOver(client).acquire(newKey())
      expect(requests).toEqual(['join', 'join', 'join', 'join'])
      await lease.release()
    },
  )

  test('throttling to the end of the wait is an error that says so', async () => {
    const { client } = faulty({ join: Array.from({ length: 100 }, () => refusedAs('ThrottlingException')) })
    const error = await errorOf(leaserOver(client).acquire(newKey(), impatient()))
    expect(error.code).toBe('UNREACHABLE')
    expect(error.message).toContain('throttling')
  })
})

describe('clocks', () => {
  test.each([
    ['behind', 5000],
    ['ahead of', -5000],
  ])('a clock that is %s DynamoDB is an error before the lease is used, and no entry stays', async (word, offMs) => {
    const { client } = faulty({ join: [dated(offMs)] })
    const leaser = leaserOver(client)
    const key = newKey()
    const error = await errorOf(leaser.acquire(key))
    expect(error.code).toBe('CLOCK_SKEW')
    expect(error.message).toContain(word)
    await expect.poll(async () => (await leaser.inspect(key)).contenders).toEqual([])
  })

  test('a clock within the limits is accepted', async () => {
    const { client } = faulty({ join: [dated(400), dated(-400)] })
    for (let i = 0; i < 2; i++) {
      const lease = await leaserOver(client).acquire(newKey())
      expect(lease.signal.aborted).toBe(false)
      await lease.release()
    }
  })

  test('every answer is looked at, so also one to a renewal: the lease is lost', async () => {
    const { client } = faulty({ renew: [dated(60_000)] })
    const leaser = leaserOver(client)
    const key = newKey()
    const lease = await leaser.acquire(key)
    expect((await errorOf(lease.renew())).code).toBe('LEASE_LOST')
    expect(lease.signal.reason).toMatchObject({ code: 'LEASE_LOST', cause: { code: 'CLOCK_SKEW' } })
    await lease.release()
    expect((await leaser.inspect(key)).contenders).toEqual([])
  })

  test('a signature that is refused because of the clock is a matter of the clock', async () => {
    const refused: Fault = async (send) => {
      const output = await answered(400, 'InvalidSignatureException', 'Signature expired')(send)
      output.response.headers['date'] = new Date(Date.now() - 3_600_000).toUTCString()
      return output
    }
    const { client } = faulty({ join: [refused] })
    expect((await errorOf(leaserOver(client).acquire(newKey()))).code).toBe('CLOCK_SKEW')
  })

  test('an answer without a Date is taken as it is', async () => {
    const undated: Fault = async (send) => {
      const output = await send()
      delete output.response.headers['date']
      return output
    }
    const { client } = faulty({ join: [undated] })
    const lease = await leaserOver(client).acquire(newKey())
    expect(lease.remainingMs()).toBeGreaterThan(0)
    await lease.release()
  })
})

describe('an item that was lost and made anew', () => {
  test('ends the lease of a holder who is in it again, but behind somebody: a late duplicate of its join can do that', async () => {
    const key = newKey()
    const lease = await leaserOver(db.client()).acquire(key)
    const { pk: _, ...item } = (await read(key)) ?? {}
    await write(key, {
      ...item,
      't:other': { N: '0' },
      'u:other': { N: `${Date.now() + 6000}` },
      'w:other': { S: 'other' },
    })
    expect(await errorOf(lease.renew())).toMatchObject({
      code: 'LEASE_LOST',
      message: expect.stringMatching(/made anew/),
    })
    expect(lease.remainingMs()).toBe(0)
    await lease.release()
  })
})

describe('refusals', () => {
  test('an item with a lock_id belongs to another protocol: acquire, inspect and raise say so and change nothing', async () => {
    const key = newKey()
    const item = { lock_id: { S: 'b2f1' }, expires_at: { N: '1790000000.5' } }
    await write(key, item)
    const leaser = leaserOver(db.client())
    const error = await errorOf(leaser.acquire(key))
    expect(error).toMatchObject({ code: 'FOREIGN_PROTOCOL', details: { key, holder: 'b2f1' } })
    expect(error.message).toContain('`sqlite-efs release --protocol django-sqlite-efs`')
    expect((await errorOf(leaser.inspect(key))).code).toBe('FOREIGN_PROTOCOL')
    expect((await errorOf(leaser.raise(key, 5))).code).toBe('FOREIGN_PROTOCOL')
    const Item = await read(key)
    expect(Item).toEqual({ pk: { S: key }, ...item })
  })

  test('a missing table is named, with the region', async () => {
    const leaser = new DynamoDBLeaser({ tableName: 'no-such-table', client: db.client() })
    for (const attempt of [leaser.acquire('k'), leaser.inspect('k'), leaser.raise('k', 1)]) {
      const error = await errorOf(attempt)
      expect(error).toMatchObject({
        code: 'TABLE_NOT_FOUND',
        details: { tableName: 'no-such-table', region: 'eu-central-1' },
      })
      expect(error.message).toMatch(/no-such-table in eu-central-1/)
    }
  })

  test.each(['AccessDeniedException', 'UnrecognizedClientException', 'ExpiredTokenException'])(
    '%s is ACCESS_DENIED, naming table and region, at once',
    async (name) => {
      const denied = answered(400, name)
      const { client, requests } = faulty({ join: [denied], leave: [denied], read: [denied] })
      const error = await errorOf(leaserOver(client).acquire(newKey()))
      expect(error).toMatchObject({ code: 'ACCESS_DENIED', details: { tableName: TABLE, region: 'eu-central-1' } })
      expect(error.message).toMatch(/leases in eu-central-1/)
      expect(requests).toEqual(['join'])
    },
  )

  test('credentials that are not there are told as such', async () => {
    const error = await errorOf(leaserOver(db.client({ credentials: noCredentials })).acquire(newKey()))
    expect(error).toMatchObject({ code: 'ACCESS_DENIED', details: { tableName: TABLE, region: 'eu-central-1' } })
    expect(error.message).toContain('no credentials were found')
    expect(error.message).toContain('DynamoDB was not asked')
    expect(error.message).not.toContain('leasePolicy')
  })

  test('an unreachable DynamoDB is named, with table and region', async () => {
    const client = db.client({ endpoint: 'http://127.0.0.1:9' })
    const error = await errorOf(leaserOver(client).acquire(newKey(), impatient()))
    expect(error).toMatchObject({ code: 'UNREACHABLE', details: { tableName: TABLE, region: 'eu-central-1' } })
    expect(error.message).toContain('nothing listens there: correct AWS_ENDPOINT_URL')
    expect(error.message).toMatch(/leases in eu-central-1/)
  })

  test('a missing region is a matter of configuration', async () => {
    const client = db.client({
      region: (() => Promise.reject(new Error('Region is missing'))) as never,
    })
    const error = await errorOf(leaserOver(client).acquire(newKey()))
    expect(error.code).toBe('CONFIGURATION')
    // Nothing was sent, so nothing was refused.
    expect(error.message).toMatch(/^DynamoDB was not asked, table leases: .*AWS_REGION/)
  })

  test.each([
    ['GetItem', 'leasePolicy prints'],
    ['DescribeTable', 'leasePolicy leaves it out'],
    ['CreateTable', 'createLeaseTable needs dynamodb:DescribeTable too'],
  ])('a denied %s recommends a policy only where that has it', (operation, words) => {
    const error = Object.assign(new Error('no'), { name: 'AccessDeniedException' })
    const request = { operation, tableName: TABLE, region: 'eu-central-1', timeoutMs: 1000, dateMs: undefined }
    const { message, details } = failureOf(error, request).error
    expect(message).toContain(words)
    expect(details.action).toBe(`dynamodb:${operation}`)
  })

  test('a table with another key is a matter of configuration', async () => {
    await db.client().send(
      new CreateTableCommand({
        TableName: 'other-key',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      }),
    )
    const leaser = new DynamoDBLeaser({ tableName: 'other-key', client: db.client() })
    await expect.poll(async () => (await errorOf(leaser.acquire('k'))).code).toBe('CONFIGURATION')
  })
})

describe('a server that never answers', () => {
  let silent: Server

  beforeAll(async () => {
    silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  })

  afterAll(() => {
    silent.close()
  })

  test("requests of a user's own client are bounded too", async () => {
    const { port } = silent.address() as AddressInfo
    const client = db.client({ endpoint: `http://127.0.0.1:${port}`, maxAttempts: 10 })
    let attempts = 0
    client.middlewareStack.add(
      (next) => (args) => {
        attempts++
        return next(args)
      },
      { step: 'initialize' },
    )
    const leaser = leaserOver(client, { requestTimeoutMs: 20 })
    const error = await errorOf(leaser.acquire(newKey(), impatient()))
    expect(error.code).toBe('UNREACHABLE')
    expect(error.message).toMatch(/^No answer from DynamoDB within 20 ms, table leases in eu-central-1/)
    expect(error.message).not.toContain('AbortError')
    expect(attempts).toBeGreaterThan(1)
  })

  test('the default client is bounded by itself, and does not retry', async () => {
    const { port } = silent.address() as AddressInfo
    const client = createClient(20, { ...db.config, endpoint: `http://127.0.0.1:${port}` })
    expect(await client.config.maxAttempts()).toBe(1)
    const request = client.send(new GetItemCommand({ TableName: TABLE, Key: { pk: { S: 'k' } } }))
    await expect(request).rejects.toMatchObject({ name: 'TimeoutError' })
    client.destroy()
  })
})
