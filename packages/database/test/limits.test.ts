import { LocalLeaser } from '@sqlite-efs/lease'
import { describe, expect, it } from 'vitest'
import { CLOCK_FOR_TESTS } from '../src/file/options.js'
import { DatabaseError } from '../src/index.js'
import { check, hold, restore, snapshot, vacuum } from '../src/maintenance.js'
import { ManualClock } from './support/manual-clock.js'
import { nextTick, open, rows, scratchPath } from './support/scratch.js'

const PATIENT = { timeoutMs: 60_000 }

async function openEmpty(options: object = PATIENT) {
  const database = open(scratchPath(), options)
  await database.script('CREATE TABLE entry (n INTEGER PRIMARY KEY)')
  return database
}

const insert = 'INSERT INTO entry VALUES (?)'

/** The numbers that were acknowledged, and the codes of the errors of the others, as often as they came. */
async function outcomesOf(attempts: readonly Promise<unknown>[]) {
  const outcomes = await Promise.allSettled(attempts)
  const acknowledged = outcomes.flatMap(({ status }, n) => (status === 'fulfilled' ? [[BigInt(n)]] : []))
  const refused = new Map<string, number>()
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') continue
    const code = outcome.reason instanceof DatabaseError ? outcome.reason.code : String(outcome.reason)
    refused.set(code, (refused.get(code) ?? 0) + 1)
  }
  return { acknowledged, refused }
}

describe('more writes than the queue takes', () => {
  it('are refused beyond 10,000, which are all served when their turn comes', async () => {
    const database = await openEmpty()
    const transaction = await database.transaction()
    const attempts = Array.from({ length: 10_500 }, (_, n) => database.execute(insert, [BigInt(n)]))
    // A transaction can't get in either.
    await expect(database.transaction()).rejects.toMatchObject({ code: 'QUEUE_FULL' })
    await transaction.commit()
    const { acknowledged, refused } = await outcomesOf(attempts)
    expect(refused).toEqual(new Map([['QUEUE_FULL', 500]]))
    expect(acknowledged).toEqual(Array.from({ length: 10_000 }, (_, n) => [BigInt(n)]))
    expect(await rows(database, 'SELECT n FROM entry ORDER BY n')).toEqual(acknowledged)
    await database.execute(insert, [-1n])
    expect(await check(database)).toEqual([])
  })

  it('are refused, and only they, while it grows faster than it drains; then it recovers', async () => {
    const database = await openEmpty()
    const attempts: Promise<unknown>[] = []
    const seen = new Set<unknown>()
    while (!seen.has('QUEUE_FULL')) {
      for (let n = 0; n < 2_000; n++) {
        const attempt = database.execute(insert, [BigInt(attempts.length)])
        attempt.catch((error: { code?: unknown }) => seen.add(error.code))
        attempts.push(attempt)
      }
      await nextTick()
    }
    const { acknowledged, refused } = await outcomesOf(attempts)
    expect([...refused.keys()]).toEqual(['QUEUE_FULL'])
    expect(await rows(database, 'SELECT n FROM entry ORDER BY n')).toEqual(acknowledged)
    const again = Array.from({ length: 10_000 }, (_, n) => database.execute(insert, [BigInt(-n - 1)]))
    expect(await outcomesOf(again)).toMatchObject({ refused: new Map() })
  })

  it('let others of this process have their turns while they are served', async () => {
    const database = await openEmpty()
    const attempts = Array.from({ length: 10_000 }, (_, n) => database.execute(insert, [BigInt(n)]))
    let count = 0n
    let reads = 0
    // Each read takes a turn of the event loop.
    for (; count < 10_000n; reads++) count = (await rows(database, 'SELECT count(*) FROM entry'))[0]?.[0] as bigint
    await Promise.all(attempts)
    // One between two groups at least.
    expect(reads).toBeGreaterThanOrEqual(10_000 / 500)
  })

  it('expire together when no turn comes, without holding up the process', async () => {
    const database = await openEmpty({ timeoutMs: 50 })
    const transaction = await database.transaction()
    const attempts = Array.from({ length: 10_000 }, (_, n) => database.execute(insert, [BigInt(n)]))
    const { refused } = await outcomesOf(attempts)
    expect(refused).toEqual(new Map([['LEASE_TIMEOUT', 10_000]]))
    await transaction.execute(insert, [1n])
    await transaction.commit()
    expect(await rows(database, 'SELECT n FROM entry')).toEqual([[1n]])
  })
})

describe('a timeoutMs that can not be used', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1, '100' as never])(
    '%o is refused before anything waits',
    async (timeoutMs) => {
      const database = await openEmpty({})
      const to = `${database.path}.copy`
      const holder = await database.transaction()
      const refused = [
        database.transaction({ timeoutMs }),
        database.transaction({ timeoutMs, mode: 'deferred' }),
        hold(database, async () => {}, { timeoutMs }),
        vacuum(database, { timeoutMs }),
        snapshot(database, to, { timeoutMs }),
        restore(database, to, { timeoutMs }),
      ]
      for (const promise of refused) {
        await expect(promise).rejects.toMatchObject({ code: 'CONFIGURATION', details: { option: 'timeoutMs' } })
      }
      const write = database.execute(insert, [1n])
      await holder.rollback()
      await write
    },
  )
})

describe('a write that gets no turn', () => {
  it('is told at its own timeoutMs, whatever another one has, and not before', async () => {
    const clock = new ManualClock()
    const database = await openEmpty({ timeoutMs: 5_000, transactionTimeoutMs: 1_900, [CLOCK_FOR_TESTS]: clock })
    const holder = await new LocalLeaser({ ttlMs: 60_000 }).acquire(`database#${database.path}`)
    const told: string[] = []
    const tell = (what: string) => (error: { code?: unknown }) => void told.push(`${what}: ${error.code}`)
    void database.execute(insert, [1n]).catch(tell('write'))
    void database.transaction().catch(tell('transaction'))
    await nextTick()
    const passed = async (ms: number) => {
      clock.advance(ms)
      await nextTick()
      return told
    }
    expect(await passed(1_899)).toEqual([])
    expect(await passed(1)).toEqual(['transaction: LEASE_TIMEOUT'])
    expect(await passed(3_099)).toEqual(['transaction: LEASE_TIMEOUT'])
    clock.advance(1)
    await expect.poll(() => told).toEqual(['transaction: LEASE_TIMEOUT', 'write: LEASE_TIMEOUT'])
    await holder.release()
  })
})
