import { folderUntil } from '@sqlite-efs/toolkit/temporary-folder'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DynamoDBRequests } from '../src/dynamodb/client.js'
import { DynamoDBLineStore } from '../src/dynamodb/line-store.js'
import type { LineStore } from '../src/line/line-store.js'
import { FileLineStore } from '../src/local/file-store.js'
import { MemoryLineStore } from '../src/local/memory-store.js'
import { systemClock } from '../src/time/clock.js'
import { systemRandom } from '../src/time/random.js'
import { startDynamoDB, TABLE, type TestDynamoDB } from './dynalite.js'

let db: TestDynamoDB
const directory = folderUntil(afterAll)

beforeAll(async () => {
  db = await startDynamoDB()
})

afterAll(async () => {
  await db.stop()
})

const entry = (id: string, aliveUntilMs = 1000) => ({ id, owner: id, aliveUntilMs })

describe.each([
  ['memory', () => new MemoryLineStore()],
  ['files', () => new FileLineStore(directory, systemRandom)],
  [
    'DynamoDB',
    () =>
      new DynamoDBLineStore(
        new DynamoDBRequests(db.client(), TABLE, { clock: systemClock, requestTimeoutMs: 5000, isOwnClient: false }),
      ),
  ],
])('the operations of the line in %s', (name, create: () => LineStore) => {
  let keys = 0

  /** Three in line: a with ticket 1, b with 2, c with 3. */
  async function line() {
    const store = create()
    const key = `${name}-${++keys}`
    for (const id of ['a', 'b', 'c']) await store.join(key, entry(id))
    const see = async () => (await store.look(key, { consistent: true })).item
    const names = async () => (await see())?.contenders.map(({ id, ticket }) => `${id}${ticket}`).join(' ')
    return { store, key, see, names }
  }

  test('join hands out tickets in order, once', async () => {
    const { store, key, names } = await line()
    expect(await names()).toBe('a1 b2 c3')
    expect((await store.join(key, entry('b'))).done).toBe(false)
    const answer = await store.join(key, entry('d'))
    expect(answer).toMatchObject({ done: true, item: { ticket: 4 } })
    expect(answer.item?.contenders.at(-1)).toEqual({ ...entry('d'), ticket: 4 })
    expect(await names()).toBe('a1 b2 c3 d4')
  })

  test('renew moves forward only, and nobody else', async () => {
    const { store, key, see } = await line()
    expect((await store.renew(key, 'a', 1, 2000)).done).toBe(true)
    expect((await store.renew(key, 'a', 1, 2000)).done).toBe(true)
    expect((await store.renew(key, 'a', 1, 1999)).done).toBe(false)
    expect((await store.renew(key, 'a', 2, 3000)).done).toBe(false)
    expect((await store.renew(key, 'x', 1, 3000)).done).toBe(false)
    expect((await see())?.contenders.map(({ aliveUntilMs }) => aliveUntilMs)).toEqual([2000, 1000, 1000])
  })

  test('leave removes the entry, of which the ticket may be unknown', async () => {
    const { store, key, names } = await line()
    expect((await store.leave(key, 'a', 2)).done).toBe(false)
    expect((await store.leave(key, 'a', 1)).done).toBe(true)
    expect((await store.leave(key, 'a', 1)).done).toBe(false)
    expect((await store.leave(key, 'b')).done).toBe(true)
    expect((await store.leave(key, 'b')).done).toBe(false)
    expect(await names()).toBe('c3')
  })

  test('yield leaves and joins in one, or not at all', async () => {
    const { store, key, names } = await line()
    expect((await store.yield(key, { id: 'a', ticket: 1 }, entry('d'))).done).toBe(true)
    expect((await store.yield(key, { id: 'a', ticket: 1 }, entry('d'))).done).toBe(false)
    expect((await store.yield(key, { id: 'b', ticket: 7 }, entry('e'))).done).toBe(false)
    expect(await names()).toBe('b2 c3 d4')
  })

  test('sweep removes a contender as it was seen, and nobody who renewed', async () => {
    const { store, key, names, see } = await line()
    const seen = { ...entry('a'), ticket: 1 }
    await store.renew(key, 'a', 1, 1001)
    expect((await store.sweep(key, seen, 5000)).done).toBe(false)
    expect((await store.sweep(key, { ...seen, aliveUntilMs: 1002 }, 5000)).done).toBe(false)
    expect((await store.sweep(key, { ...seen, ticket: 2, aliveUntilMs: 1001 }, 5000)).done).toBe(false)
    expect((await store.sweep(key, { ...seen, aliveUntilMs: 1001 }, 5000)).done).toBe(true)
    expect((await store.sweep(key, { ...seen, aliveUntilMs: 1001 }, 5000)).done).toBe(false)
    expect(await names()).toBe('b2 c3')
    expect((await see())?.swept).toEqual({ owner: 'a', ticket: 1, atMs: 5000 })
  })

  test('raise lifts, and never lowers', async () => {
    const { store, key, see } = await line()
    expect((await store.raise(key, 3)).done).toBe(false)
    expect((await store.raise(key, 9)).done).toBe(true)
    expect((await store.raise(key, 8)).done).toBe(false)
    expect((await see())?.ticket).toBe(9)
    expect((await store.join(key, entry('d'))).item?.ticket).toBe(10)
    expect((await store.raise(`${key}-new`, 5)).done).toBe(true)
  })

  test('the line is sorted by ticket, whatever the ids', async () => {
    const store = create()
    const key = `${name}-${++keys}`
    for (const id of ['z', 'm', 'a', 'q', 'b', 'y', 'c', 'x', 'd', 'w', 'e']) await store.join(key, entry(id))
    const tickets = (await store.look(key, { consistent: false })).item?.contenders.map(({ ticket }) => ticket)
    expect(tickets).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  })
})
