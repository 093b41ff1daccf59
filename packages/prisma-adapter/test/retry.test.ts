import { DatabaseError, openDatabase } from '@sqlite-efs/database'
import { LeaseError, LocalLeaser } from '@sqlite-efs/lease'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { SqliteEfsAdapter } from '../src/adapter.js'
import { toPrismaError } from '../src/errors/database-error.js'
import { isRetryable, PrismaSqliteEfs, PrismaSqliteEfsError, type RetryOptions, retry } from '../src/index.js'
import { withLease } from '../src/lambda.js'
import { retryWith } from '../src/retry.js'
import { Prisma, PrismaClient } from './generated/prisma/client.js'
import { Workbench } from './support/clients.js'
import { FaultyDatabase } from './support/faulty-database.js'
import { SCHEMA } from './support/schema.js'

const conflict = () => toPrismaError(new DatabaseError('WRITE_CONFLICT', 'the lease was lost before COMMIT'))
const thrownBy = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('nothing failed')
    },
    (error: unknown) => error,
  )

/** Time that passes only in pauses, and chance that is always the same. */
function simulated(chance: number) {
  const pauses: number[] = []
  let nowMs = 0
  return {
    pauses,
    pass: (ms: number) => void (nowMs += ms),
    monotonicMs: () => nowMs,
    random: () => chance,
    pause: (ms: number) => {
      pauses.push(ms)
      nowMs += ms
      return Promise.resolve()
    },
  }
}

describe('retry', () => {
  test('runs an operation again until it succeeds, and no more often', async () => {
    const operation = vi.fn<() => Promise<string>>()
    operation.mockRejectedValueOnce(conflict()).mockRejectedValueOnce(conflict()).mockResolvedValue('done')
    expect(await retry(operation, { firstPauseMs: 0 })).toBe('done')
    expect(operation).toHaveBeenCalledTimes(3)
  })

  test('throws the error of the last attempt as it is', async () => {
    const errors = [conflict(), conflict(), conflict()]
    let attempts = 0
    const thrown = await thrownBy(retryWith(simulated(0), () => Promise.reject(errors[attempts++]), {}))
    expect(attempts).toBe(3)
    expect(thrown).toBe(errors[2])
    expect(thrown).toBeInstanceOf(PrismaSqliteEfsError)
  })

  test.each([
    [0, [0, 0, 0, 0, 0]],
    [0.5, [25, 50, 100, 150, 150]],
    [0.999, [49.95, 99.9, 199.8, 299.7, 299.7]],
  ])('pauses at random up to a limit that doubles: with chance %d', async (chance, pauses) => {
    const seams = simulated(chance)
    const options = { attempts: 6, totalMs: 60_000, firstPauseMs: 50, maxPauseMs: 300 }
    await thrownBy(retryWith(seams, () => Promise.reject(conflict()), options))
    expect(seams.pauses).toEqual(pauses)
  })

  test('begins no attempt after its total time, however slow the attempts are', async () => {
    const seams = simulated(0.5)
    const operation = vi.fn(() => {
      seams.pass(400)
      return Promise.reject(conflict())
    })
    await thrownBy(retryWith(seams, operation, { attempts: 100, totalMs: 1_000, firstPauseMs: 10 }))
    expect(operation).toHaveBeenCalledTimes(3)
    expect(seams.monotonicMs()).toBeLessThan(1_400)
  })

  test('begins an attempt in the last moment of its total time, and none a moment later', async () => {
    for (const [totalMs, attempts] of [
      [300, 3],
      [299, 2],
    ] as const) {
      const operation = vi.fn(() => Promise.reject(conflict()))
      await thrownBy(retryWith(simulated(1), operation, { totalMs, attempts: 3, firstPauseMs: 100 }))
      expect(operation).toHaveBeenCalledTimes(attempts)
    }
  })

  test('has its default where an option is undefined, and makes one attempt where it may make no more', async () => {
    const operation = vi.fn(() => Promise.reject(conflict()))
    const given = { attempts: undefined, only: undefined, signal: undefined } as object
    await thrownBy(retryWith(simulated(0), operation, given))
    expect(operation).toHaveBeenCalledTimes(3)
    operation.mockClear()
    await thrownBy(retryWith(simulated(0.5), operation, { totalMs: 0 }))
    await thrownBy(retryWith(simulated(0), operation, { attempts: 1 }))
    expect(operation).toHaveBeenCalledTimes(2)
  })

  test('that was aborted in an attempt that failed does not even pause', async () => {
    const controller = new AbortController()
    const seams = simulated(0.5)
    const error = conflict()
    const operation = () => {
      controller.abort()
      return Promise.reject(error)
    }
    expect(await thrownBy(retryWith(seams, operation, { signal: controller.signal }))).toBe(error)
    expect(seams.pauses).toEqual([])
  })

  test('pauses at random in real time, which its total time bounds', async () => {
    const operation = vi.fn(() => Promise.reject(conflict()))
    await thrownBy(retry(operation, { totalMs: 0, firstPauseMs: 3_600_000, maxPauseMs: 3_600_000 }))
    expect(operation).toHaveBeenCalledTimes(1)
  })

  test('repeats no wait that the end of the invocation has ended, and what Prisma tells without details', async () => {
    const attemptsAt = async (thrown: object) => {
      const operation = vi.fn(() => Promise.reject(Object.assign(new Error('in time'), thrown)))
      expect(await thrownBy(retryWith(simulated(0), operation, {}))).toMatchObject(thrown)
      return operation.mock.calls.length
    }
    const meta = { reason: 'LEASE_TIMEOUT' }
    expect(await attemptsAt({ code: 'P1008', meta })).toBe(3)
    expect(await attemptsAt({ code: 'P1008', meta: { ...meta, option: "the function's timeout" } })).toBe(1)
    expect(await attemptsAt({ code: 'P2028', message: 'Unable to start a transaction in the given time.' })).toBe(3)
  })

  const never: [string, unknown][] = [
    ['COMMIT_UNKNOWN', toPrismaError(new DatabaseError('COMMIT_UNKNOWN', 'an I/O error in COMMIT'))],
    ['CLOCK_SKEW', toPrismaError(new LeaseError('CLOCK_SKEW', 'an hour ahead'))],
    ['a missing table of leases', toPrismaError(new LeaseError('TABLE_NOT_FOUND', 'no table'))],
    ['ACCESS_DENIED', toPrismaError(new LeaseError('ACCESS_DENIED', 'denied'))],
    ['CONFIGURATION', toPrismaError(new DatabaseError('CONFIGURATION', 'WAL'))],
    ['a closed transaction', toPrismaError(new DatabaseError('TRANSACTION_CLOSED', 'it is over'))],
    ['P1008 of another adapter', Object.assign(new Error('Operation has timed out'), { code: 'P1008', meta: {} })],
    ['P1001 of another adapter', Object.assign(new Error("Can't reach"), { code: 'P1001', meta: {} })],
    ['a unique constraint', Object.assign(new Error('Unique'), { code: 'P2002', meta: {} })],
    ['an error of the caller', new TypeError('a bug')],
    ["a code that is a name of every object's", Object.assign(new Error('odd'), { code: 'constructor', meta: {} })],
    ['a text', 'P2034'],
    ['undefined', undefined],
  ]
  test.each(never)('never repeats %s', async (_, error) => {
    expect(isRetryable(error)).toBe(false)
    const operation = vi.fn(() => Promise.reject(error as Error))
    expect(await thrownBy(retry(operation))).toBe(error)
    expect(operation).toHaveBeenCalledTimes(1)
  })

  test('repeats only what `only` allows, and nothing that may have been written whatever it says', async () => {
    const operation = vi.fn(() => Promise.reject(conflict()))
    await thrownBy(retry(operation, { only: () => false }))
    expect(operation).toHaveBeenCalledTimes(1)
    const unknown = vi.fn(() => Promise.reject(toPrismaError(new DatabaseError('COMMIT_UNKNOWN', 'I/O'))))
    await thrownBy(retry(unknown, { only: () => true }))
    expect(unknown).toHaveBeenCalledTimes(1)
  })

  test('that is aborted while it pauses begins no other attempt, and says what the last one met', async () => {
    const controller = new AbortController()
    const error = conflict()
    const operation = vi.fn(() => {
      setImmediate(() => controller.abort())
      return Promise.reject(error)
    })
    const options = { signal: controller.signal, firstPauseMs: 3_600_000, maxPauseMs: 3_600_000, totalMs: 3_600_000 }
    expect(await thrownBy(retry(operation, options))).toBe(error)
    expect(operation).toHaveBeenCalledTimes(1)
  })

  test('that was aborted before runs nothing, and one that is aborted in an attempt has its result', async () => {
    const operation = vi.fn(() => Promise.resolve('done'))
    const reason = new Error('gone')
    expect(await thrownBy(retry(operation, { signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(operation).not.toHaveBeenCalled()
    const controller = new AbortController()
    const aborting = () => {
      controller.abort()
      return Promise.resolve('done')
    }
    expect(await retry(aborting, { signal: controller.signal })).toBe('done')
  })

  test.each<[string, unknown]>([
    ['options', null],
    ['options', 3],
    ['attempts', { attempts: 0 }],
    ['attempts', { attempts: 1.5 }],
    ['attempts', { attempts: Number.POSITIVE_INFINITY }],
    ['totalMs', { totalMs: -1 }],
    ['firstPauseMs', { firstPauseMs: '50' }],
    ['maxPauseMs', { maxPauseMs: Number.NaN }],
    ['only', { only: 'P2034' }],
    ['only', { only: null }],
    ['signal', { signal: true }],
    ['signal', { signal: {} }],
    ['signal', { signal: null }],
    ['atempts', { atempts: 3 }],
  ])('refuses a wrong %s before anything runs', async (option, options) => {
    const operation = vi.fn(() => Promise.resolve())
    await expect(retry(operation, options as RetryOptions)).rejects.toMatchObject({
      code: 'CONFIGURATION',
      meta: { option },
    })
    expect(operation).not.toHaveBeenCalled()
  })
})

describe('with a real client', () => {
  async function faultyClient(): Promise<{ database: FaultyDatabase; prisma: PrismaClient }> {
    const database = new FaultyDatabase(openDatabase({ path: ':memory:', leaser: new LocalLeaser() }))
    const adapter = new SqliteEfsAdapter(database, { timestampFormat: 'iso8601', transactionMode: 'immediate' })
    await adapter.executeScript(SCHEMA)
    const { provider, adapterName } = adapter
    const prisma = new PrismaClient({ adapter: { provider, adapterName, connect: async () => adapter } })
    onTestFinished(() => prisma.$disconnect())
    return { database, prisma }
  }

  const operations: [string, 'execute' | 'start' | 'commit', (prisma: PrismaClient) => Promise<unknown>][] = [
    ['a write', 'execute', (prisma) => prisma.tag.create({ data: { name: 'a' } })],
    ['raw SQL', 'execute', (prisma) => prisma.$executeRaw`INSERT INTO Tag VALUES ('a')`],
    [
      'a batch that does not start',
      'start',
      (prisma) => prisma.$transaction([prisma.tag.create({ data: { name: 'a' } }), prisma.tag.count()]),
    ],
    [
      'a transaction that is not committed',
      'commit',
      (prisma) => prisma.$transaction((tx) => tx.tag.create({ data: { name: 'a' } })),
    ],
  ]
  test.each(operations)('%s is repeated after a conflict, and takes place once', async (_, at, run) => {
    const { database, prisma } = await faultyClient()
    database.failNext(at, new DatabaseError('WRITE_CONFLICT', 'the lease was lost before COMMIT'))
    let attempts = 0
    await retry(
      () => {
        attempts++
        return run(prisma)
      },
      { firstPauseMs: 0 },
    )
    expect(attempts).toBe(2)
    expect(await prisma.tag.count()).toBe(1)
  })

  test.each(operations)('%s of which it is not known whether it was committed is not repeated', async (_, at, run) => {
    const { database, prisma } = await faultyClient()
    database.failNext(at, new DatabaseError('COMMIT_UNKNOWN', 'an I/O error in COMMIT'))
    const operation = vi.fn(() => run(prisma))
    expect(await thrownBy(retry(operation))).toMatchObject({ code: 'COMMIT_UNKNOWN' })
    expect(operation).toHaveBeenCalledTimes(1)
  })

  test('a transaction that does not start within maxWait is repeated, and one that outlasts its timeout is not', async () => {
    await using bench = await new Workbench().migrate()
    const leaser = new LocalLeaser({ directory: `${bench.file}-lease` })
    const held = await leaser.acquire(`database#${bench.file}`, { owner: 'somebody-else' })
    const prisma = bench.ours()
    const start = await thrownBy(prisma.$transaction((tx) => tx.tag.count(), { maxWait: 50 }))
    expect(start).toMatchObject({ code: 'P2028' })
    expect(isRetryable(start)).toBe(true)
    await held.release()
    const expired = await thrownBy(
      prisma.$transaction(
        async (tx) => {
          await tx.tag.create({ data: { name: 'a' } })
          await vi.waitFor(() => expect(tx.tag.count()).rejects.toMatchObject({ code: 'P2028' }), { timeout: 10_000 })
          return tx.tag.count()
        },
        { timeout: 100 },
      ),
    )
    expect(expired).toBeInstanceOf(Prisma.PrismaClientKnownRequestError)
    expect(expired).toMatchObject({ code: 'P2028' })
    expect(isRetryable(expired)).toBe(false)
    expect(await prisma.tag.count()).toBe(0)
  })

  test('in withLease an attempt that the end of the invocation cut short is the last', async () => {
    await using bench = await new Workbench().migrate()
    const leaser = new LocalLeaser({ directory: `${bench.file}-lease` })
    const held = await leaser.acquire(`database#${bench.file}`, { owner: 'somebody-else' })
    const adapter = new PrismaSqliteEfs({ url: bench.file, lease: 'local' })
    const prisma = bench.client(adapter)
    await prisma.tag.count()
    const operation = vi.fn(() => prisma.tag.create({ data: { name: 'a' } }))
    const endsAtMs = performance.now() + 1_000
    const handler = withLease(adapter, (_event: object, _context: object) => retry(operation, { attempts: 10 }))
    const thrown = await thrownBy(handler({}, { getRemainingTimeInMillis: () => endsAtMs - performance.now() }))
    expect(thrown).toMatchObject({ code: 'P1008', meta: { option: "the function's timeout" } })
    expect(operation).toHaveBeenCalledTimes(1)
    await held.release()
  })
})
