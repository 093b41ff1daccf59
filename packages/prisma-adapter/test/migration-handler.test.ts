import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createLeaseTable, DynamoDBLeaser } from '@sqlite-efs/lease'
import { type LocalDynamoDB, startDynamoDB } from '@sqlite-efs/toolkit'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { PrismaSqliteEfsError } from '../src/index.js'
import { type MigrationHandlerOptions, migrationHandler } from '../src/lambda.js'
import { Workbench } from './support/clients.js'
import { SCHEMA } from './support/schema.js'

const TABLE = 'app-locks'
const PROGRAM = fileURLToPath(new URL('support/deploy.ts', import.meta.url))
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

/** The migrations of the bench, with their options. */
function handlerOptions({ folder, file }: Workbench, scripts: Readonly<Record<string, string>>) {
  const migrations = join(folder, 'migrations')
  for (const [name, script] of Object.entries(scripts)) {
    mkdirSync(join(migrations, name), { recursive: true })
    writeFileSync(join(migrations, name, 'migration.sql'), script)
  }
  return { url: `file:${file}`, lease: { tableName: TABLE, client }, migrations } satisfies MigrationHandlerOptions
}

const remaining = (ms: number) => ({ getRemainingTimeInMillis: () => ms })

test('an invocation migrates the database, gives the lease back before it answers, and the next finds nothing to do', async () => {
  vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'migrate')
  await using bench = new Workbench()
  const events: string[] = []
  const onEvent = ({ type }: { type: string }) => void events.push(type)
  const handler = migrationHandler({ ...handlerOptions(bench, { '1_init': SCHEMA }), onEvent })
  expect(await handler({}, remaining(60_000))).toEqual({ applied: ['1_init'] })
  expect(events.at(-1)).toBe('released')
  expect(await handler({}, remaining(60_000))).toEqual({ applied: [] })
  const prisma = bench.ours()
  await prisma.tag.create({ data: { name: 'a' } })
  expect(await prisma.tag.count()).toBe(1)
})

test('a line that somebody else holds is waited in until the margin before the end of the invocation', async () => {
  await using bench = new Workbench()
  const handler = migrationHandler({ ...handlerOptions(bench, { '1_init': SCHEMA }), marginMs: 59_900 })
  await using lease = await new DynamoDBLeaser({ tableName: TABLE, client }).acquire(`database#${bench.file}`)
  await expect(handler({}, remaining(200))).rejects.toMatchObject({ code: 'P1008', meta: { option: 'timeoutMs' } })
  await lease.release()
  expect(await handler({}, remaining(60_000))).toEqual({ applied: ['1_init'] })
})

test('what is wrong with a migration comes out with Prisma’s code, as the adapter’s error', async () => {
  await using bench = new Workbench()
  const handler = migrationHandler(handlerOptions(bench, { '1_init': SCHEMA, '2_bad': 'DROP TABLE Nowhere' }))
  const error = await handler({}, remaining(60_000)).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(PrismaSqliteEfsError)
  expect(error).toMatchObject({ code: 'P3018', meta: { reason: 'MIGRATION_FAILED', migrations: ['2_bad'] } })
  await expect(handler({}, remaining(60_000))).rejects.toMatchObject({ code: 'P3009' })
})

test('a failed migration stops the function of before, too, until an event says that it is rolled back', async () => {
  await using bench = new Workbench()
  const options = handlerOptions(bench, { '1_init': SCHEMA })
  const before = migrationHandler(options)
  await before({}, remaining(60_000))
  const after = handlerOptions(bench, { '2_more': 'INSERT INTO nowhere VALUES (1)' })
  await expect(migrationHandler(after)({}, remaining(60_000))).rejects.toMatchObject({ code: 'P3018' })

  // As when a deployment is rolled back: the package is that of before, without the migration.
  rmSync(join(options.migrations, '2_more'), { recursive: true })
  await expect(before({}, remaining(60_000))).rejects.toMatchObject({ code: 'P3009' })
  expect(await before({ rolledBack: '2_more' }, remaining(60_000))).toEqual({ applied: [] })
  expect(await before({}, remaining(60_000))).toEqual({ applied: [] })

  const mended = handlerOptions(bench, { '2_more': 'CREATE TABLE more (a)' })
  expect(await migrationHandler(mended)({}, remaining(60_000))).toEqual({ applied: ['2_more'] })
})

test.each([
  ['was never begun', { rolledBack: '3_none' }, 'P3011'],
  ['has not failed', { rolledBack: '1_init' }, 'P3012'],
  ['is no name', { rolledBack: true }, 'CONFIGURATION'],
])('a migration that %s is not marked as rolled back', async (_, event, code) => {
  await using bench = new Workbench()
  const handler = migrationHandler(handlerOptions(bench, { '1_init': SCHEMA }))
  await handler({}, remaining(60_000))
  await expect(handler(event, remaining(60_000))).rejects.toMatchObject({ code })
  expect(await handler({}, remaining(60_000))).toEqual({ applied: [] })
})

test.each([
  ['migrations', { migrations: '' }],
  ['marginMs', { marginMs: -1 }],
  ['url', { url: 'app.db' }],
  ['lease.ttlMs', { lease: { tableName: TABLE, ttlMs: 0 } }],
  ['timeoutMs', { timeoutMs: 5 }],
  ['fencing', { fencing: 'on' as never }],
])('a wrong %s is refused when the module is loaded', async (option, wrong) => {
  await using bench = new Workbench()
  const options = { ...handlerOptions(bench, {}), ...wrong }
  expect(() => migrationHandler(options)).toThrow(expect.objectContaining({ code: 'CONFIGURATION', meta: { option } }))
})

test('of two processes that deploy at once one works, and the other waits in line and finds nothing to do', async () => {
  await using bench = new Workbench()
  const { url, migrations } = handlerOptions(bench, { '1_init': SCHEMA, '2_more': 'CREATE TABLE more (a)' })
  await using lease = await new DynamoDBLeaser({ tableName: TABLE, client }).acquire(`database#${bench.file}`)
  const deploys = [deployElsewhere(url, migrations), deployElsewhere(url, migrations)]
  await Promise.all(deploys.map(({ waiting }) => waiting))
  await lease.release()
  const applied = await Promise.all(deploys.map((deploy) => deploy.applied))
  expect(applied.toSorted((one, other) => other.length - one.length)).toEqual([['1_init', '2_more'], []])
})

/** An invocation in a process of its own. */
function deployElsewhere(url: string, migrations: string) {
  const flags = ['--conditions=@sqlite-efs/source', '--import', 'tsx']
  const child = spawn(process.execPath, [...flags, PROGRAM, url, migrations], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...dynamodb.env },
  })
  const lines = createInterface(child.stdout)
  const exited = once(child, 'exit').then(([code]) => {
    if (code !== 0) throw new Error(`a deploy ended with ${code}`)
  })
  const waiting = new Promise<void>((resolve) => lines.on('line', (line) => line === 'waiting' && resolve()))
  let last = ''
  lines.on('line', (line) => {
    last = line
  })
  return {
    waiting: Promise.race([waiting, exited]),
    applied: once(lines, 'close').then(async () => {
      await exited
      return JSON.parse(last) as string[]
    }),
  }
}
