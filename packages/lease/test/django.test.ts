import { type AttributeValue, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lockIdOf, ticketOf } from '../src/django/lock-item.js'
import { DjangoTokens } from '../src/django/tokens.js'
import {
  DjangoCompatibleLeaser,
  type DjangoCompatibleLeaserOptions,
  DynamoDBLeaser,
  type LeaseError,
  type LeaseEvent,
} from '../src/index.js'
import { systemClock } from '../src/time/clock.js'
import { DjangoLock } from './django-lock.js'
import { clientOf, type Handle, intercepted, startDynamoDB, TABLE, type TestDynamoDB } from './dynalite.js'
import { impatient } from './impatient.js'
import { WarpClock } from './warp-clock.js'

let db: TestDynamoDB

beforeAll(async () => {
  db = await startDynamoDB()
})

afterAll(() => db.stop())

let files = 0
const newPath = () => `/mnt/efs/django-${++files}.db`
const keyOf = (path: string) => `database#${path}`

const ours = (options: Partial<DjangoCompatibleLeaserOptions> = {}) =>
  new DjangoCompatibleLeaser({ tableName: TABLE, client: db.client(), ...options })

const django = (path: string, expirationSeconds = 60) =>
  new DjangoLock(db.client(), { tableName: TABLE, path, expirationSeconds })

const read = async (path: string) =>
  (
    await db
      .client()
      .send(new GetItemCommand({ TableName: TABLE, Key: { pk: { S: keyOf(path) } }, ConsistentRead: true }))
  ).Item

const write = (path: string, attributes: Record<string, AttributeValue>) =>
  db.client().send(new PutItemCommand({ TableName: TABLE, Item: { pk: { S: keyOf(path) }, ...attributes } }))

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: LeaseError) => error.code,
  )

type Fault = (send: () => ReturnType<Handle>) => ReturnType<Handle>

/** Notes the requests, and does to the first ones of each operation what `faults` says. */
function faulty(faults: Record<string, Fault[]> = {}) {
  const requests: string[] = []
  const client = intercepted(db, (send) => (request, options) => {
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? ''
    requests.push(operation)
    const fault = faults[operation]?.shift()
    return fault ? fault(() => send(request, options)) : send(request, options)
  })
  return { client, requests }
}

const reset = () => Object.assign(new Error('socket hang up'), { name: 'ECONNRESET' })

const lostAnswer: Fault = async (send) => {
  await send()
  throw reset()
}

const lostRequest: Fault = () => Promise.reject(reset())

describe('the item', () => {
  test('is django-sqlite-efs’ own, is gone after the release, and each takes one request', async () => {
    const path = newPath()
    const { client, requests } = faulty()
    const lease = await ours({ client }).acquire(keyOf(path))
    const item = await read(path)
    expect(Object.keys(item ?? {}).toSorted()).toEqual(['expires_at', 'lock_id', 'pk'])
    expect(item?.['lock_id']?.S).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
    const expiresMs = Number(item?.['expires_at']?.N) * 1000
    expect(expiresMs - Date.now()).toBeLessThanOrEqual(6500)
    expect(expiresMs - Date.now()).toBeGreaterThan(lease.remainingMs())
    await lease.release()
    expect(await read(path)).toBeUndefined()
    expect(requests).toEqual(['PutItem', 'DeleteItem'])
  })

  test('is put again by a renewal, which only moves it forward', async () => {
    const path = newPath()
    const lease = await ours().acquire(keyOf(path))
    const before = await read(path)
    await lease.renew()
    const after = await read(path)
    expect(after?.['lock_id']).toEqual(before?.['lock_id'])
    expect(Number(after?.['expires_at']?.N)).toBeGreaterThanOrEqual(Number(before?.['expires_at']?.N))
    await write(path, { ...after, expires_at: { N: '99999999999.5' } })
    expect(await codeOf(lease.renew())).toBe('LEASE_LOST')
    expect((await read(path))?.['expires_at']?.N).toBe('99999999999.5')
    await lease.release()
  })

  test('tells the token in its lock_id, to every process', () => {
    for (const ticket of [0, 1, 17_956_224_001, 2 ** 48 - 1]) {
      expect(ticketOf(lockIdOf(ticket, Math.random))).toBe(ticket)
    }
    expect(ticketOf('no uuid')).toBe(0)
  })
})

describe('Django and we', () => {
  test('keep each other out, and let each other in after a release', async () => {
    const path = newPath()
    const [their, leaser] = [django(path), ours()]
    const lease = await leaser.acquire(keyOf(path))
    expect(await their.attempt()).toBeUndefined()
    await lease.release()
    expect(await their.attempt()).toBeDefined()
    const error = await leaser.acquire(keyOf(path), impatient()).catch((thrown: LeaseError) => thrown)
    expect(error).toMatchObject({ code: 'LEASE_TIMEOUT', details: { holder: their.lockId } })
    expect((await leaser.inspect(keyOf(path))).contenders).toMatchObject([{ owner: their.lockId }])
    const next = leaser.acquire(keyOf(path), { timeoutMs: 30_000 })
    expect(await their.release()).toBe(true)
    await (await next).release()
  })

  test('take over what is expired: they at once, we with the margin for clocks, and by then it is over for its holder', async () => {
    const path = newPath()
    const clock = new WarpClock()
    const lease = await ours({ clock, client: clientOf(db, clock) }).acquire(keyOf(path))
    const expiresMs = Number((await read(path))?.['expires_at']?.N) * 1000
    // Django's clock may be ahead of ours by as much as is permitted.
    clock.advance(expiresMs - 500 - clock.wallMs())
    expect(lease.remainingMs()).toBe(0)

    let wallMs = Date.now()
    const still = { ...systemClock, wallMs: () => wallMs }
    const events: LeaseEvent[] = []
    const onEvent = (event: LeaseEvent) => void events.push(event)
    const taker = ours({ clock: still, client: clientOf(db, still), maxAttempts: 1, onEvent })
    await write(path, { lock_id: { S: 'theirs' }, expires_at: { N: String((wallMs - 500) / 1000) } })
    expect(await codeOf(taker.acquire(keyOf(path)))).toBe('LEASE_TIMEOUT')
    wallMs++
    const next = await taker.acquire(keyOf(path))
    expect(events).toContainEqual(expect.objectContaining({ type: 'swept', owner: 'theirs' }))
    await next.release()
  })

  test('an operator takes a dead Django holder out, whose fractions are finer than a millisecond', async () => {
    const path = newPath()
    const their = django(path)
    await their.attempt()
    const leaser = ours()
    const [holder] = (await leaser.inspect(keyOf(path))).contenders
    expect(await codeOf(leaser.sweep(keyOf(path), holder?.ticket ?? 0))).toBe('CONTENDER_ALIVE')
    expect(await leaser.sweep(keyOf(path), holder?.ticket ?? 0, { force: true })).toMatchObject({ owner: their.lockId })
    expect(await their.release()).toBe(false)
  })
})

describe('a line under the same key', () => {
  test('is a foreign protocol, and is left as it is', async () => {
    const path = newPath()
    const line = new DynamoDBLeaser({ tableName: TABLE, client: db.client() })
    const lease = await line.acquire(keyOf(path))
    const leaser = ours()
    const before = await read(path)
    expect(await codeOf(leaser.acquire(keyOf(path)))).toBe('FOREIGN_PROTOCOL')
    expect(await codeOf(leaser.inspect(keyOf(path)))).toBe('FOREIGN_PROTOCOL')
    expect(await codeOf(leaser.sweep(keyOf(path), lease.token, { force: true }))).toBe('FOREIGN_PROTOCOL')
    expect(await read(path)).toEqual(before)
    await lease.release()
    expect(await codeOf(leaser.acquire(keyOf(path)))).toBe('FOREIGN_PROTOCOL')
    expect((await read(path))?.['ticket']).toEqual({ N: '1' })
  })

  test('is not put over, even if somebody gave it an expiry', async () => {
    const path = newPath()
    await write(path, { ticket: { N: '7' }, expires_at: { N: '1' } })
    expect(await codeOf(ours().acquire(keyOf(path)))).toBe('FOREIGN_PROTOCOL')
    expect((await read(path))?.['ticket']).toEqual({ N: '7' })
  })

  test('does not join us either', async () => {
    const path = newPath()
    const lease = await ours().acquire(keyOf(path))
    const line = new DynamoDBLeaser({ tableName: TABLE, client: db.client() })
    expect(await codeOf(line.acquire(keyOf(path)))).toBe('FOREIGN_PROTOCOL')
    expect(await codeOf(line.sweep(keyOf(path), lease.token, { force: true }))).toBe('FOREIGN_PROTOCOL')
    await lease.release()
  })
})

describe('faults', () => {
  test('a lost answer costs one read: one’s own lock_id there means success', async () => {
    const path = newPath()
    const { client, requests } = faulty({ PutItem: [lostAnswer] })
    const lease = await ours({ client }).acquire(keyOf(path))
    expect(requests).toEqual(['PutItem', 'GetItem'])
    expect((await read(path))?.['lock_id']?.S).toMatch(/./)
    await lease.renew()
    await lease.release()
    expect(await read(path)).toBeUndefined()
  })

  test('a lost request is sent again, under the same lock_id', async () => {
    const path = newPath()
    const ids = new Set<unknown>()
    const { client, requests } = faulty({ PutItem: [lostRequest, lostRequest] })
    const counted = client.config.requestHandler
    const handle = counted.handle.bind(counted)
    counted.handle = (request, options) => {
      const body = JSON.parse(new TextDecoder().decode(request.body as Uint8Array)) as {
        Item?: { lock_id: unknown }
      }
      if (body.Item) ids.add(JSON.stringify(body.Item.lock_id))
      return handle(request, options)
    }
    const lease = await ours({ client }).acquire(keyOf(path))
    expect(requests).toEqual(['PutItem', 'GetItem', 'PutItem', 'GetItem', 'PutItem'])
    expect(ids.size).toBe(1)
    await lease.release()
  })

  test('who gives up while a request is under way leaves no lock behind', async () => {
    const path = newPath()
    let arrive = () => {}
    const { client } = faulty({
      PutItem: [
        async (send) => {
          await new Promise<void>((resolve) => {
            arrive = resolve
          })
          return send()
        },
      ],
    })
    const controller = new AbortController()
    const wait = codeOf(ours({ client, requestTimeoutMs: 2000 }).acquire(keyOf(path), { signal: controller.signal }))
    controller.abort()
    expect(await wait).toBe('LEASE_ABORTED')
    arrive()
    await expect.poll(() => read(path)).toBeUndefined()
  })

  test('a release whose answer is lost is sent again', async () => {
    const path = newPath()
    const { client, requests } = faulty({ DeleteItem: [lostRequest] })
    const lease = await ours({ client }).acquire(keyOf(path))
    await lease.release()
    expect(requests).toEqual(['PutItem', 'DeleteItem', 'DeleteItem'])
    expect(await read(path)).toBeUndefined()
  })

  test('a clock that DynamoDB’s Date contradicts is an error, and no lock stays', async () => {
    const path = newPath()
    const clock = new WarpClock()
    clock.advance(60_000)
    expect(await codeOf(ours({ clock }).acquire(keyOf(path)))).toBe('CLOCK_SKEW')
    await expect.poll(() => read(path)).toBeUndefined()
  })

  test('denied access names the action that was refused', async () => {
    const denied: Fault = () => Promise.reject(Object.assign(new Error('no'), { name: 'AccessDeniedException' }))
    const { client } = faulty({ PutItem: [denied] })
    const error = await ours({ client })
      .acquire(keyOf(newPath()))
      .catch((thrown: LeaseError) => thrown)
    expect(error).toMatchObject({ code: 'ACCESS_DENIED', details: { action: 'dynamodb:PutItem' } })
  })
})

describe('attempts', () => {
  test('end with maxAttempts, however long the caller would wait', async () => {
    const path = newPath()
    await django(path).attempt()
    const { client, requests } = faulty()
    const leaser = ours({ client, maxAttempts: 3 })
    const error = await leaser.acquire(keyOf(path), { timeoutMs: 3_000_000 }).catch((thrown: LeaseError) => thrown)
    expect(error).toMatchObject({ code: 'LEASE_TIMEOUT', details: { attempts: 3 } })
    expect((error as LeaseError).message).toContain('maxAttempts')
    expect(requests.filter((operation) => operation === 'PutItem')).toHaveLength(3)
  })

  test.each([0, -1, 1.5, Number.NaN, '10'])('a maxAttempts of %j is refused', (maxAttempts) => {
    expect(() => ours({ maxAttempts: maxAttempts as number })).toThrow(
      'Option maxAttempts must be a whole number, 1 or more, got ',
    )
  })
})

describe('tokens', () => {
  test('grow in a process whatever its clock says, and with the clock from process to process', () => {
    let wallMs = 1_795_622_400_000
    const tokens = new DjangoTokens({ ...systemClock, wallMs: () => wallMs })
    const key = keyOf(newPath())
    const first = tokens.next(key)
    expect(first).toBe(17_956_224_000)
    expect(tokens.take(key, first)).toBe(true)
    expect(tokens.take(key, first)).toBe(false)
    expect(tokens.next(key)).toBe(first + 1)
    wallMs -= 60_000
    expect(tokens.next(key)).toBe(first + 1)
    wallMs += 120_000
    expect(tokens.next(key)).toBe(first + 600)
  })

  test('go on above what a file knows, with a lead on those who wrote there', () => {
    const tokens = new DjangoTokens({ ...systemClock, wallMs: () => 1_795_622_400_000 })
    const key = keyOf(newPath())
    tokens.raise(key, 17_956_223_999)
    expect(tokens.next(key)).toBe(17_956_224_000)
    tokens.raise(key, 17_956_224_000)
    expect(tokens.next(key)).toBeGreaterThan(17_956_224_001)
    const raised = tokens.next(key)
    tokens.raise(key, 5)
    expect(tokens.next(key)).toBe(raised)
  })

  test('two leasers of a process never have the same, even at once', async () => {
    const key = keyOf(newPath())
    const tokens: number[] = []
    const turns = Array.from({ length: 6 }, async () => {
      const lease = await ours().acquire(key, { timeoutMs: 30_000 })
      tokens.push(lease.token)
      await lease.release()
    })
    await Promise.all(turns)
    expect(new Set(tokens).size).toBe(6)
  })
})
