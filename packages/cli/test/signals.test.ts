import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { openDatabase } from '@sqlite-efs/database'
import { check } from '@sqlite-efs/database/maintenance'
import { migrationStatus, resolveMigration } from '@sqlite-efs/database/migrations'
import { describe, expect, onTestFinished, test } from 'vitest'
import { cli, errorOf, RunningCli } from './support/cli.js'
import { bank, scratchFolder, total } from './support/scratch.js'
import { startTable } from './support/table.js'

const BASELINE = '20261031000000_bank'
const FIRST = '20261101000000_first'
const SECOND = '20261102000000_second'

/** A folder of migrations. */
function migrations(scripts: Readonly<Record<string, string>>): string {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'migration_lock.toml'), 'provider = "sqlite"\n')
  for (const [name, sql] of Object.entries({ [BASELINE]: '-- the bank', ...scripts })) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'migration.sql'), sql)
  }
  return folder
}

/** A database on a table, and a folder of migrations of which it has the first alone. */
async function stage(scripts: Readonly<Record<string, string>> = { [FIRST]: 'CREATE TABLE one (a);' }) {
  const { env, leaser } = await startTable()
  const path = await bank(join(scratchFolder(), 'app.db'), leaser)
  const folder = migrations(scripts)
  const database = openDatabase({ path, leaser, release: 'before-answer' })
  await resolveMigration(database, folder, BASELINE, 'applied')
  await database.close()
  return { env, leaser, path, key: `database#${path}`, folder }
}

/** Statements that take a moment each, between which a migration can be stopped. */
const slowly = (count: number) =>
  Array.from(
    { length: count },
    (_, at) =>
      `CREATE TABLE slow${at} AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT sum(i) FROM n;`,
  ).join('\n')

/** One statement that does not end in the time of a test. */
const FOREVER =
  'CREATE TABLE forever AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1e12) SELECT sum(i) FROM n;'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const COMMANDS: [string, (path: string, folder: string) => string[]][] = [
  ['vacuum', () => ['vacuum']],
  ['migrate deploy', (_, folder) => ['migrate', 'deploy', '--migrations', folder]],
  ['migrate resolve', (_, folder) => ['migrate', 'resolve', '--applied', FIRST, '--migrations', folder]],
  ['restore', (path) => ['restore', join(dirname(path), 'copy.db'), '--yes']],
]

describe.each(COMMANDS)('%s, while it waits for the lease,', (_, args) => {
  test.each(SIGNALS)('leaves the line at once when %s comes, says so, and ends with 128 + n', async (name) => {
    const { env, leaser, path, key, folder } = await stage()
    await cli(['snapshot', join(dirname(path), 'copy.db'), '--url', path], { env })
    const before = readdirSync(dirname(path)).toSorted()
    const held = await leaser.acquire(key, { owner: 'alice:1', ttlMs: 60_000 })
    const running = new RunningCli([...args(path, folder), '--url', path, '--json'], { env })
    await running.said(/Waiting for the lease: alice:1 holds it, and this command is next/)
    expect((await leaser.inspect(key)).contenders).toHaveLength(2)
    expect(running.process.kill(name)).toBe(true)
    const ended = await running.ended
    expect(ended).toMatchObject({ code: 128 + constants.signals[name], signal: null })
    expect(errorOf(ended)).toMatchObject({
      code: 'INTERRUPTED',
      message: expect.stringMatching(`^${name} came while .* has left the line, and nothing was done`) as string,
    })
    expect((await leaser.inspect(key)).contenders).toHaveLength(1)
    await held.release()
    expect((await leaser.inspect(key)).contenders).toEqual([])
    expect(readdirSync(dirname(path)).toSorted()).toEqual(before)
    expect(await total(path, leaser)).toBe(200n)
  })
})

describe('in the middle of its work', () => {
  test('a deploy rolls its migration back when a signal comes, keeps those before it, and gives the lease back', async () => {
    const { env, leaser, path, key, folder } = await stage({ [FIRST]: 'CREATE TABLE one (a);', [SECOND]: slowly(500) })
    const running = new RunningCli(['migrate', 'deploy', '--migrations', folder, '--url', path, '--json'], { env })
    await running.said(new RegExp(`applying.*${SECOND}`))
    running.process.kill('SIGTERM')
    const ended = await running.ended
    expect(ended.code).toBe(143)
    expect(ended.stderr).toContain('SIGTERM: stopping before the next COMMIT')
    expect(errorOf(ended)).toMatchObject({
      code: 'INTERRUPTED',
      message: expect.stringMatching(`Nothing was written.*Applied before, and kept: ${FIRST}`) as string,
    })
    expect((await leaser.inspect(key)).contenders).toEqual([])
    const database = openDatabase({ path, leaser })
    onTestFinished(() => database.close())
    expect(await migrationStatus(database, folder)).toMatchObject({
      applied: [BASELINE, FIRST],
      pending: [SECOND],
      failed: [],
    })
    expect(await check(database)).toEqual([])
  })

  test('a restore leaves the content and the folder as they were, and gives the lease back', async () => {
    const { env, leaser, path, key } = await stage()
    const database = openDatabase({ path, leaser, release: 'before-answer' })
    await database.execute('CREATE TABLE filler AS SELECT randomblob(40000000) AS x')
    await database.close()
    const copy = join(scratchFolder(), 'copy.db')
    await cli(['snapshot', copy, '--url', path], { env })
    const before = readdirSync(dirname(path)).toSorted()
    const running = new RunningCli(['restore', copy, '--yes', '--url', path, '--json'], { env })
    await running.said(/"copying"/)
    running.process.kill('SIGINT')
    const ended = await running.ended
    expect(ended.code).toBe(130)
    expect(errorOf(ended)).toMatchObject({ code: 'INTERRUPTED' })
    expect(readdirSync(dirname(path)).toSorted()).toEqual(before)
    expect((await leaser.inspect(key)).contenders).toEqual([])
    expect(await total(path, leaser)).toBe(200n)
  })

  test('a second signal ends it at once, and the next writer rolls back what it had begun', async () => {
    const { env, leaser, path, folder } = await stage({ [FIRST]: `CREATE TABLE one (a); ${FOREVER}` })
    const args = ['migrate', 'deploy', '--migrations', folder, '--url', path, '--ttl-ms', '2000', '--json']
    const running = new RunningCli(args, { env })
    await running.said(/applying/)
    running.process.kill('SIGINT')
    await running.said(/Once more ends it at once/)
    running.process.kill('SIGINT')
    const ended = await running.ended
    expect(ended.code).toBe(130)
    expect(errorOf(ended)).toMatchObject({
      code: 'INTERRUPTED',
      message: expect.stringContaining('rolled back by the next writer') as string,
    })
    const database = openDatabase({ path, leaser, timeoutMs: 30_000 })
    onTestFinished(() => database.close())
    await database.execute('UPDATE account SET balance = 1')
    expect(await check(database)).toEqual([])
    expect(await migrationStatus(database, folder)).toMatchObject({
      applied: [BASELINE],
      pending: [FIRST],
      failed: [],
    })
  })

  test('one signal is enough where what it is at does not end', async () => {
    const { env, path, folder } = await stage({ [FIRST]: FOREVER })
    const running = new RunningCli(['migrate', 'deploy', '--migrations', folder, '--url', path, '--json'], { env })
    await running.said(/applying/)
    running.process.kill('SIGTERM')
    const ended = await running.ended
    expect(ended.code).toBe(143)
    expect(errorOf(ended)).toMatchObject({ code: 'INTERRUPTED' })
  })
})

/** An endpoint that takes requests and answers none. */
async function blackHole(): Promise<Record<string, string>> {
  const server = createServer(() => {})
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
    SQLITE_LOCK_DYNAMODB_TABLE: 'app-locks',
  }
}

describe('while DynamoDB does not answer', () => {
  test.each<[string, (path: string) => string[]]>([
    ['create-table', () => ['create-table']],
    ['status', (path) => ['status', '--url', path]],
    ['doctor', (path) => ['doctor', '--url', path]],
    ['release', (path) => ['release', '--url', path, '--ticket', '1']],
    ['iam', (path) => ['iam', '--url', path]],
    ['vacuum', (path) => ['vacuum', '--url', path]],
    ['run', (path) => ['run', '--url', path, '--', 'true']],
  ])('%s says what it waits for, and a signal ends it', async (_, args) => {
    const env = await blackHole()
    const running = new RunningCli(args(await bank()), { env })
    await running.said(/(No answer from|No) DynamoDB table app-locks at http:\/\/127\.0\.0\.1:\d+.*Ctrl-C/)
    running.process.kill('SIGTERM')
    const { code, signal } = await running.ended
    expect(signal ?? code).toBe(signal === null ? 143 : 'SIGTERM')
  })
})

test('a command that waits in line says again after a while who holds the lease', async () => {
  const { env, leaser, path, key } = await stage()
  const held = await leaser.acquire(key, { owner: 'alice:1', ttlMs: 60_000 })
  onTestFinished(() => held.release())
  const running = new RunningCli(['vacuum', '--url', path], { env })
  await running.said(
    /Still waiting for the lease after .* s: alice:1 holds it, and this command is next\. Ctrl-C leaves the line\./,
  )
  running.process.kill('SIGTERM')
  expect((await running.ended).code).toBe(143)
})
