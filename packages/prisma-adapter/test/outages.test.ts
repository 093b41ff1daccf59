import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createLeaseTable, DynamoDBLeaser } from '@sqlite-efs/lease'
import { expect, test, vi } from 'vitest'
import type { LeaseOptions } from '../src/index.js'
import { Prisma, type PrismaClient } from './generated/prisma/client.js'
import { Workbench } from './support/clients.js'
import { type Fate, UnreliableDynamoDB } from './support/unreliable-dynamodb.js'

const TABLE = 'app-locks'
/** With OUTAGE_MS=60000 the outages last for a minute, and every option has its default. */
const BY_HAND_MS = Number(process.env['OUTAGE_MS'] ?? 0)
/** Several leases long. */
const OUTAGE_MS = BY_HAND_MS || 2_000
const SHORT = BY_HAND_MS ? {} : { ttlMs: 1_000, maxClockSkewMs: 100 }
/** For a machine that has much else to do. */
const PATIENT_LEASE = { timeoutMs: 50_000, transactionTimeoutMs: 50_000 }
const PATIENT = { maxWait: 55_000, timeout: 55_000 }
const TIMEOUT = { timeout: OUTAGE_MS + 60_000 }

type LeaseTimes = Pick<LeaseOptions, 'ttlMs' | 'maxClockSkewMs' | 'timeoutMs' | 'transactionTimeoutMs'>

/** A database whose lease comes from a DynamoDB that can fail. */
class Scene implements AsyncDisposable {
  readonly prisma: PrismaClient
  readonly #listeners = new Set<(type: string) => void>()

  private constructor(
    readonly dynamodb: UnreliableDynamoDB,
    readonly client: DynamoDBClient,
    readonly bench: Workbench,
    lease: LeaseTimes,
  ) {
    this.prisma = bench.ours({
      lease: { tableName: TABLE, client, ...lease },
      onEvent: ({ type }) => {
        for (const listener of this.#listeners) listener(type)
      },
    })
  }

  /** Resolves when DynamoDB has the release: until then a write has the lease of the one before, or waits for its end. */
  async lineIsEmpty(): Promise<void> {
    const leaser = new DynamoDBLeaser({ tableName: TABLE, client: this.client })
    await vi.waitFor(async () => {
      const { contenders } = await leaser.inspect(`database#${this.bench.file}`)
      if (contenders.length > 0) throw new Error('somebody is in the line')
    }, 30_000)
  }

  /** Resolves when this next happens to the lease. */
  next(type: 'lost' | 'renewed'): Promise<void> {
    return new Promise((resolve) => {
      this.#listeners.add((heard) => {
        if (heard === type) resolve()
      })
    })
  }

  static async set(lease: LeaseTimes = {}): Promise<Scene> {
    const dynamodb = await UnreliableDynamoDB.start()
    const client = new DynamoDBClient({ ...dynamodb.config, maxAttempts: 1 })
    await createLeaseTable(client, TABLE)
    return new Scene(dynamodb, client, await new Workbench().migrate(), lease)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bench[Symbol.asyncDispose]()
    this.client.destroy()
    await this.dynamodb[Symbol.asyncDispose]()
  }
}

const create = (prisma: Prisma.TransactionClient, name: string) => prisma.tag.create({ data: { name } })
const tags = async (prisma: PrismaClient) =>
  (await prisma.tag.findMany({ orderBy: { name: 'asc' } })).map(({ name }) => name)

const writes: ((prisma: PrismaClient) => Promise<unknown>)[] = [
  (prisma) => create(prisma, 'x'),
  (prisma) => prisma.user.create({ data: { email: 'x', profile: { create: { bio: 'y' } } } }),
  (prisma) => prisma.$transaction([create(prisma, 'x')]),
  // Prisma's own patience (P2028) is hardly longer than ours, by default.
  (prisma) => prisma.$transaction((transaction) => create(transaction, 'x'), { maxWait: 10_000 }),
  (prisma) => prisma.$executeRaw`DELETE FROM Tag`,
]

const OUTAGES: [string, Fate][] = [
  ['refuses connections', 'refused'],
  ['is a black hole', 'swallowed'],
  ['does what it is asked, and its answers are lost', 'unanswered'],
  ['throttles everything', 'throttled'],
  ['fails itself', 'failed'],
]

test.concurrent.for(OUTAGES)(
  'while DynamoDB %s, reads go on, every write ends with P1001, and all resumes with the same client',
  TIMEOUT,
  async ([, fate]) => {
    await using scene = await Scene.set(SHORT)
    const { dynamodb, prisma } = scene
    await create(prisma, 'before')
    await scene.lineIsEmpty()
    await dynamodb.become(fate)
    const since = performance.now()
    while (performance.now() - since < OUTAGE_MS) {
      const outcomes = await Promise.allSettled(writes.map((write) => write(prisma)))
      const thrown = outcomes.map((outcome) => outcome.status === 'rejected' && (outcome.reason as unknown))
      for (const error of thrown) expect(error).toBeInstanceOf(Prisma.PrismaClientKnownRequestError)
      expect(thrown).toMatchObject(writes.map(() => ({ code: 'P1001' })))
      expect(await tags(prisma)).toEqual(['before'])
    }
    await dynamodb.become('served')
    await create(prisma, 'resumed')
    await prisma.$transaction((transaction) => create(transaction, 'too'))
    expect(await tags(prisma)).toEqual(['before', 'resumed', 'too'])
    expect(await prisma.user.count()).toBe(0)
  },
)

test.concurrent.for(OUTAGES.slice(1, 4))(
  'while DynamoDB %s, a transaction whose lease runs out is P2034, and nothing of it is in the file',
  TIMEOUT,
  async ([, fate]) => {
    await using scene = await Scene.set(SHORT)
    const { dynamodb, prisma } = scene
    const lost = scene.next('lost')
    const failed = prisma.$transaction(async (transaction) => {
      await create(transaction, 'x')
      await dynamodb.become(fate)
      await lost
      expect(await tags(prisma)).toEqual([])
    }, TIMEOUT)
    await expect(failed).rejects.toBeInstanceOf(Prisma.PrismaClientKnownRequestError)
    await expect(failed).rejects.toMatchObject({ code: 'P2034' })
    await dynamodb.become('served')
    await create(prisma, 'resumed')
    expect(await tags(prisma)).toEqual(['resumed'])
  },
)

test.concurrent.for(OUTAGES.slice(0, 2))(
  'while DynamoDB %s, a transaction that has its lease, and commits before half of it is over, is acknowledged',
  TIMEOUT,
  async ([, fate]) => {
    await using scene = await Scene.set(PATIENT_LEASE)
    const { dynamodb, prisma } = scene
    // The start of a transaction has a lease for as long as it would have waited, and for longer once it is renewed.
    const renewed = scene.next('renewed')
    await prisma.$transaction(async (transaction) => {
      await create(transaction, 'committed')
      await renewed
      await dynamodb.become(fate)
    }, PATIENT)
    expect(await tags(prisma)).toEqual(['committed'])
    await dynamodb.become('served')
    await create(prisma, 'resumed')
    expect(await tags(prisma)).toEqual(['committed', 'resumed'])
  },
)

test.concurrent.for<[string, (request: number) => Fate]>([
  ['throttles two requests of three', (request) => (request % 3 === 0 ? 'served' : 'throttled')],
  // A join that may have been applied needs two requests in a row: it is looked for first.
  ['fails one request of three', (request) => (request % 3 === 1 ? 'failed' : 'served')],
  ['loses one answer of three', (request) => (request % 3 === 1 ? 'unanswered' : 'served')],
  ['is slow', () => 'slow'],
])('while DynamoDB %s, every write is acknowledged, once', TIMEOUT, async ([, fate]) => {
  await using scene = await Scene.set(PATIENT_LEASE)
  const { dynamodb, prisma } = scene
  dynamodb.fate = fate
  for (let n = 0; n < 2; n++) {
    await create(prisma, `single ${n}`)
    await prisma.$transaction((transaction) => create(transaction, `transaction ${n}`), PATIENT)
    await Promise.all(['a', 'b'].map((name) => create(prisma, `group ${n} ${name}`)))
  }
  expect(await prisma.tag.count()).toBe(8)
})
