import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createLeaseTable } from '@sqlite-efs/lease'
import { startDynamoDB } from '@sqlite-efs/toolkit'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { PrismaSqliteEfs, PrismaSqliteEfsError, type PrismaSqliteEfsOptions } from '../src/index.js'
import { type RemainingTime, withLease } from '../src/lambda.js'
import { Prisma, PrismaClient } from './generated/prisma/client.js'
import { Workbench } from './support/clients.js'

const ATTEMPT = fileURLToPath(new URL('support/attempt.ts', import.meta.url))

/** What another process meets, in a working directory, on the database that a url names. */
async function attempt(url: string, cwd: string) {
  const node = [`--conditions=@sqlite-efs/source`, '--import', import.meta.resolve('tsx'), ATTEMPT, url]
  const { stdout } = await promisify(execFile)(process.execPath, node, { cwd })
  return JSON.parse(stdout) as Record<'read' | 'write' | 'transaction', { result?: unknown; code?: string }>
}

afterEach(() => vi.unstubAllEnvs())

test('an option that does not exist is refused without its value, which may be a secret', () => {
  const given = { url: ':memory:', lease: 'local', authToken: 'hunter2' } as PrismaSqliteEfsOptions
  const make = () => new PrismaSqliteEfs(given)
  expect(make).toThrow(/^Option authToken does not exist; the options are url, lease/)
  expect(make).toThrow(expect.objectContaining({ code: 'CONFIGURATION', meta: { option: 'authToken' } }))
  expect(make).not.toThrow(/hunter2/)
})

describe('a second argument', () => {
  type Constructor = new (...args: unknown[]) => PrismaSqliteEfs
  const Any = PrismaSqliteEfs as unknown as Constructor
  const config = { url: ':memory:', lease: 'local' }

  test('as the official adapters take one is refused, with the way out', () => {
    const make = () => new Any(config, { timestampFormat: 'unixepoch-ms' })
    expect(make).toThrow(expect.objectContaining({ code: 'CONFIGURATION', meta: { option: 'arguments[1]' } }))
    expect(make).toThrow(
      /^Option arguments\[1\] must be left out, .*new PrismaSqliteEfs\(\{ url, lease, \.\.\.others \}\)/,
    )
    expect(() => new Any(config, null)).toThrow(PrismaSqliteEfsError)
    expect(() => new Any(config, undefined, {})).toThrow(PrismaSqliteEfsError)
  })

  test('that is undefined is none', () => {
    expect(() => new Any(config, undefined)).not.toThrow()
  })
})

describe("with lease: 'local' a relative url", () => {
  test('names the file in the working directory, as it is for the command line', async () => {
    await using bench = await new Workbench().migrate()
    expect(await attempt('file:./app.db', bench.folder)).toMatchObject({ read: { result: 0 }, write: { result: {} } })
    expect(await bench.ours().tag.count()).toBe(2)
  })

  test('keeps its file where the process changes its working directory later', async () => {
    await using bench = await new Workbench().migrate()
    const before = vi.spyOn(process, 'cwd').mockReturnValue(bench.folder)
    const adapter = new PrismaSqliteEfs({ url: 'file:app.db', lease: 'local' })
    before.mockRestore()
    expect(await bench.client(adapter).tag.count()).toBe(0)
    expect(existsSync('app.db')).toBe(false)
  })
})

describe('while a framework builds, without an environment,', () => {
  const absentUrl: PrismaSqliteEfsOptions = { url: process.env['NO_SUCH_URL'], lease: 'local' }

  test('the constructor does not throw, and each first query names the option and how it is set', async () => {
    const prisma = new PrismaClient({ adapter: new PrismaSqliteEfs(absentUrl) })
    for (const run of [
      () => prisma.tag.count(),
      () => prisma.$transaction([prisma.tag.count()]),
      () => prisma.$transaction(async (tx) => tx.tag.count()),
      () => prisma.$queryRaw`SELECT 1`,
      () => prisma.$connect(),
    ]) {
      const thrown = await run().then(
        () => undefined,
        (error: unknown) => error,
      )
      expect(thrown).toBeInstanceOf(Prisma.PrismaClientKnownRequestError)
      expect(thrown).toMatchObject({ code: 'CONFIGURATION', meta: { option: 'url' } })
      expect((thrown as Error).message).toContain('DATABASE_URL')
    }
    await prisma.$disconnect()
  })

  test('a table that no option and no variable names is the error of the first query, and of the first invocation', async () => {
    vi.stubEnv('SQLITE_LOCK_DYNAMODB_TABLE', '')
    await using bench = await new Workbench().migrate()
    for (const lease of [undefined, {}, { tableName: undefined }]) {
      const adapter = new PrismaSqliteEfs({ url: `file:${bench.file}`, ...(lease && { lease }) })
      const expected = { code: 'CONFIGURATION', meta: { option: 'lease.tableName' } }
      await expect(bench.client(adapter).tag.count()).rejects.toMatchObject(expected)
      const handler = withLease(adapter, (_event: object, _context: RemainingTime) => Promise.resolve())
      await expect(handler({}, { getRemainingTimeInMillis: () => 10_000 })).rejects.toMatchObject(expected)
    }
  })

  test('a table that is in the environment by the time of the first query is used', async () => {
    vi.stubEnv('SQLITE_LOCK_DYNAMODB_TABLE', '')
    await using bench = await new Workbench().migrate()
    const dynamodb = await startDynamoDB()
    const client = new DynamoDBClient(dynamodb.config)
    try {
      await createLeaseTable(client, 'set-later')
      const prisma = bench.client(new PrismaSqliteEfs({ url: `file:${bench.file}`, lease: { client } }))
      await expect(prisma.tag.count()).rejects.toMatchObject({ code: 'CONFIGURATION' })
      vi.stubEnv('SQLITE_LOCK_DYNAMODB_TABLE', 'set-later')
      expect(await prisma.tag.create({ data: { name: 'a' } })).toMatchObject({ name: 'a' })
      await prisma.$disconnect()
    } finally {
      client.destroy()
      await dynamodb.close()
    }
  })

  test.each<[string, object]>([
    ['lease', { lease: 'locl' }],
    ['url', { url: '' }],
    ['url', { url: null }],
    ['lease.ttlMs', { lease: { ttlMs: -1 } }],
    ['lease.tableName', { lease: { tableName: '' } }],
    ['pragmas', { pragmas: 7 }],
    ['pragmas', { pragmas: { journal_mode: 'WAL' } }],
    ['timestampFormat', { timestampFormat: 'x' }],
    ['onEvent', { onEvent: 7 }],
    ['urls', { urls: 'file:/a.db' }],
  ])('a wrong %s is refused at once, absent values or not', (_, wrong) => {
    vi.stubEnv('SQLITE_LOCK_DYNAMODB_TABLE', '')
    for (const absent of [absentUrl, { url: undefined }]) {
      const make = () => new PrismaSqliteEfs({ ...absent, ...wrong } as PrismaSqliteEfsOptions)
      expect(make).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }))
    }
  })
})

test('a module that makes a client is imported without an environment', async () => {
  const module = join(import.meta.dirname, 'support/client-of-environment.ts')
  const node = ['--conditions=@sqlite-efs/source', '--import', import.meta.resolve('tsx'), module]
  const { PATH, HOME } = process.env
  const { stdout } = await promisify(execFile)(process.execPath, node, { env: { PATH, HOME } })
  expect(stdout).toBe('made\n')
})
