import { unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { setImmediate as nextTick } from 'node:timers/promises'
import { format, inspect } from 'node:util'
import { DeleteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { Debug } from '@prisma/driver-adapter-utils'
import { createLeaseTable, DynamoDBLeaser } from '@sqlite-efs/lease'
import { startDynamoDB } from '@sqlite-efs/toolkit'
import { afterEach, expect, test, vi } from 'vitest'
import { PrismaSqliteEfs, type SqliteEfsEvent } from '../src/index.js'
import { cloudWatchMetrics } from '../src/lambda/cloud-watch-metrics.js'
import { Workbench } from './support/clients.js'
import { killWriterOf } from './support/killed-writer.js'
import { Traces } from './support/traces.js'

afterEach(() => {
  Debug.disable()
  vi.restoreAllMocks()
})

const TABLE = 'app-locks'
/** Stands in parameters only. */
const PARAMETER = 'hunter2'
/** Stands in the text of statements only. */
const LITERAL = 'opensesame'

/** Each type that there is: one that is added has to be heard here, too. */
const TYPES: Record<SqliteEfsEvent['type'], true> = {
  waiting: true,
  acquired: true,
  renewed: true,
  released: true,
  yielded: true,
  lost: true,
  unanswered: true,
  swept: true,
  'gave-up': true,
  commit: true,
  conflict: true,
  recovery: true,
  'read-window': true,
  'journal-restored': true,
  'replica-refreshed': true,
  'replica-off': true,
}

/** Reads a new file by a replica, which has its copy in a folder. No option of users' switches it on yet. */
async function readByReplica(url: string, directory: string, onEvent: (event: SqliteEfsEvent) => void): Promise<void> {
  const settings = globalThis as Record<symbol, unknown>
  const replica = Symbol.for('@sqlite-efs/database.replica')
  settings[replica] = { isDirect: false, directory }
  const adapter = await new PrismaSqliteEfs({ url, lease: 'local', onEvent }).connect()
  try {
    await adapter.executeScript(`CREATE TABLE secret AS SELECT '${LITERAL}' AS v`)
    const read = { sql: 'SELECT v, ? FROM secret', args: [PARAMETER], argTypes: [] }
    for (let n = 0; n < 3; n++) {
      await adapter.queryRaw(read)
      // The next one is not of the same operation.
      await nextTick()
    }
  } finally {
    await adapter.dispose()
    delete settings[replica]
  }
}

test('no parameter is in any event, span, metric or line of Debug, and no SQL in any of them but Debug', async () => {
  await using dynamodb = await startDynamoDB()
  const client = new DynamoDBClient({ ...dynamodb.config, maxAttempts: 1 })
  await createLeaseTable(client, TABLE)
  let failures = 0
  client.middlewareStack.add((next) => (args) => {
    if (failures-- > 0) throw new Error('socket hang up')
    return next(args)
  })
  await using bench = await new Workbench().migrate()
  using traces = new Traces()
  const debug: string[] = []
  vi.spyOn(console, 'warn').mockImplementation((...args) => void debug.push(format(...args)))
  Debug.enable('prisma:driver-adapter:sqlite-efs')
  const events: SqliteEfsEvent[] = []
  const metrics: string[] = []
  const toMetrics = cloudWatchMetrics({ write: (line) => metrics.push(line) })
  const hear: Partial<Record<SqliteEfsEvent['type'], () => void>> = {}
  const heard = (type: SqliteEfsEvent['type']) =>
    new Promise<void>((resolve) => {
      hear[type] = resolve
    })
  const prisma = bench.ours({
    lease: {
      tableName: TABLE,
      client,
      ttlMs: 3_000,
      maxClockSkewMs: 100,
      maxHoldMs: 0,
      timeoutMs: 20_000,
      transactionTimeoutMs: 1_500,
    },
    transactionMode: 'deferred',
    onEvent: (event) => {
      events.push(event)
      toMetrics(event)
      hear[event.type]?.()
    },
  })
  const failing = (promise: Promise<unknown>) => expect(promise).rejects.toBeInstanceOf(Error)
  const key = `database#${bench.file}`
  const Key = { pk: { S: key } }

  // Writes, reads and transactions that work, and a dead holder in their way.
  const dead = { ticket: { N: '9' }, 't:deaddead': { N: '9' }, 'u:deaddead': { N: '1' }, 'w:deaddead': { S: 'dead' } }
  await client.send(new PutItemCommand({ TableName: TABLE, Item: { ...Key, ...dead } }))
  await prisma.user.create({ data: { email: PARAMETER, posts: { create: { title: PARAMETER } } } })
  await Promise.all(['1', '2', '3'].map((n) => prisma.$executeRaw`INSERT INTO "Tag" VALUES (${PARAMETER + n})`))
  const writeForLong = async (n: number): Promise<unknown> =>
    events.some(({ type }) => type === 'yielded') || n === 0
      ? undefined
      : Promise.all([
          prisma.tag.create({ data: { name: `${PARAMETER} ${n}` } }),
          prisma.$transaction((tx) => tx.tag.count()).then(() => writeForLong(n - 1)),
          prisma.$executeRaw`UPDATE "User" SET name = ${PARAMETER}`,
        ])
  await writeForLong(50)
  await prisma.user.findMany({ where: { email: PARAMETER }, include: { posts: true } })
  await prisma.$transaction([prisma.tag.create({ data: { name: `${PARAMETER}, too` } }), prisma.tag.count()])
  await prisma.$queryRawUnsafe(`SELECT '${LITERAL}', ?`, PARAMETER)
  const renewed = heard('renewed')
  await prisma.$transaction(async (tx) => {
    await tx.tag.create({ data: { name: `${PARAMETER} for long` } })
    await renewed
  })

  // What SQLite, the adapter and the database refuse; SQLite quotes parameters in some of its messages.
  await failing(prisma.user.create({ data: { email: PARAMETER } }))
  await failing(prisma.$queryRawUnsafe(`SELECT json_extract('"${LITERAL}"', ?)`, PARAMETER))
  await failing(prisma.$executeRawUnsafe(`INSERT INTO nowhere VALUES ('${LITERAL}', ?)`, PARAMETER))
  await failing(prisma.$executeRawUnsafe(`INSERT INTO "Tag" VALUES (json_extract('{}', ?))`, PARAMETER))
  await failing(prisma.$executeRawUnsafe(`VACUUM INTO '${LITERAL}'`))
  await failing(prisma.$executeRaw`INSERT INTO "Tag" VALUES (${`${PARAMETER}\0`})`)
  const adapter = await new PrismaSqliteEfs({
    url: bench.file,
    lease: { tableName: TABLE, client, maxHoldMs: 0 },
  }).connect()
  await failing(
    adapter.executeScript(`INSERT INTO "Tag" VALUES ('${LITERAL}'); INSERT INTO nowhere VALUES ('${LITERAL}')`),
  )
  await adapter.dispose()

  // Faults: a line that somebody else holds, a lease that is lost, a crash, a journal that is taken away.
  const other = await new DynamoDBLeaser({ tableName: TABLE, client }).acquire(key)
  await failing(prisma.$transaction((tx) => tx.$executeRaw`UPDATE "User" SET name = ${PARAMETER}`))
  await other.release()
  failures = 1
  await prisma.$executeRaw`UPDATE "User" SET name = ${PARAMETER}`
  const lost = heard('lost')
  await failing(
    prisma.$transaction(async (tx) => {
      await tx.tag.create({ data: { name: `${PARAMETER} lost` } })
      await client.send(new DeleteItemCommand({ TableName: TABLE, Key }))
      await lost
    }),
  )
  killWriterOf(bench.file)
  await prisma.user.findMany({ where: { email: PARAMETER } })
  unlinkSync(`${bench.file}-journal`)
  await prisma.tag.deleteMany({ where: { name: PARAMETER } })
  await prisma.$disconnect()
  await readByReplica(`${bench.file}-2`, tmpdir(), (event) => void events.push(event))
  await readByReplica(`${bench.file}-3`, '/nowhere', (event) => void events.push(event))
  client.destroy()

  expect(Object.keys(TYPES).filter((type) => !events.some((event) => event.type === type))).toEqual([])
  const spans = traces.ours.map(({ name, attributes, status, events }) => ({ name, attributes, status, events }))
  expect(new Set(spans.map(({ name }) => name))).toEqual(
    new Set(['lease.acquire', 'lease.release', 'begin', 'commit', 'read', 'recovery']),
  )
  // Messages, stacks and causes of errors are no part of JSON, and are looked at all the same.
  const told = [
    JSON.stringify(events),
    inspect(events, { depth: null, showHidden: true }),
    JSON.stringify(spans),
    ...metrics,
  ].join('\n')
  expect(told).toContain('LEASE_LOST')
  for (const secret of [PARAMETER, LITERAL, 'SELECT', 'INSERT', 'UPDATE', 'VALUES', 'json']) {
    expect(told).not.toContain(secret)
  }
  const shown = debug.join('\n')
  expect(shown).toContain("failed: P2039, SQLite's code 1")
  expect(shown).toContain(LITERAL)
  expect(shown).not.toContain(PARAMETER)
})
