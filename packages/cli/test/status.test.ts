import { readdirSync, readFileSync, readlinkSync, statSync, truncateSync } from 'node:fs'
import { dirname } from 'node:path'
import { openDatabase } from '@sqlite-efs/database'
import { describe, expect, onTestFinished, test } from 'vitest'
import { cli, cliJson, RunningCli } from './support/cli.js'
import { bank, localLeaser } from './support/scratch.js'
import { startTable, TABLE } from './support/table.js'

describe('status', () => {
  test('shows holder, waiters, the last takeover, the fence and the journal', async () => {
    const { env, leaser } = await startTable()
    const path = await bank(undefined, leaser)
    const key = `database#${path}`
    const lost = await leaser.acquire(key, { owner: 'dead:1' })
    await leaser.sweep(key, lost.token, { force: true })
    const held = await leaser.acquire(key, { owner: 'alice:1' })
    const waiting = leaser.acquire(key, { owner: 'bob:2', timeoutMs: 100_000 })
    onTestFinished(async () => {
      await held.release()
      await (await waiting).release()
    })
    await expect.poll(async () => (await leaser.inspect(key)).contenders.length).toBe(2)
    const { code, document } = await cliJson(['status', '--url', path], { env })
    expect(code).toBe(0)
    expect(document).toMatchObject({
      file: { path, state: 'database', journal: 'cold', isFenced: true, userVersion: 1, journalMode: 'rollback' },
      lease: {
        key,
        leaser: `DynamoDB table ${TABLE}`,
        ticket: 4,
        holder: { owner: 'alice:1', ticket: 3, isOverdue: false },
        waiting: [{ owner: 'bob:2', ticket: 4, isOverdue: false }],
        lastTakeover: { owner: 'dead:1', ticket: 2 },
      },
    })
    const { stdout } = await cli(['status', '--url', path], { env })
    expect(stdout).toMatch(/held by +alice:1, ticket 3, alive until /)
    expect(stdout).toMatch(/waiting +1\n +bob:2, ticket 4/)
    expect(stdout).toMatch(/last takeover +dead:1, ticket 2/)
    expect(stdout).toMatch(/fence +the last writer had ticket 1 /)
    expect(stdout).toMatch(/journal +in place and cold/)
  })

  test('asks DynamoDB for the item alone, takes no lease, and writes nothing', async () => {
    const { env, leaser, dynamodb } = await startTable()
    const path = await bank(undefined, leaser)
    dynamodb.requests.length = 0
    const before = readFileSync(path)
    const beside = readdirSync(dirname(path))
    const { mtimeMs } = statSync(path)
    expect(await cli(['status', '--url', path], { env })).toMatchObject({ code: 0 })
    expect(dynamodb.requests.map(({ action }) => action)).toEqual(['dynamodb:GetItem'])
    expect(readFileSync(path).equals(before)).toBe(true)
    expect(statSync(path).mtimeMs).toBe(mtimeMs)
    expect(readdirSync(dirname(path))).toEqual(beside)
  })

  test('says that a holder is overdue who does not renew', async () => {
    const path = await bank()
    const running = new RunningCli(['run', '--url', path, '--local', '--ttl-ms', '2600', '--', 'sleep', '1000'])
    const watch = new RunningCli(['status', '--url', path, '--local', '--watch', '--interval-ms', '50', '--json'])
    await watch.said(/"isOverdue":false/)
    running.process.kill('SIGSTOP')
    await watch.said(/"isOverdue":true/)
    // Until another process takes its place, the lease is still its own.
    const lease = await localLeaser(path).acquire(`database#${path}`)
    running.process.kill('SIGCONT')
    expect((await running.ended).stderr).toMatch(/LEASE_LOST|WRITE_CONFLICT/)
    await lease.release()
  })

  test('--watch prints one document a line, and since when it has seen whom', async () => {
    const path = await bank()
    const lease = await localLeaser(path).acquire(`database#${path}`, { owner: 'alice:1' })
    onTestFinished(() => lease.release())
    const watch = new RunningCli(['status', '--url', path, '--local', '--watch', '--interval-ms', '10', '--json'])
    await watch.said(/(.*seenSinceMs.*\n){2}/)
    watch.process.kill('SIGINT')
    const { signal, stdout } = await watch.ended
    expect(signal).toBe('SIGINT')
    const documents = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as StatusDocument)
    expect(documents[0]!.lease.holder).not.toHaveProperty('seenSinceMs')
    expect(documents[2]!.lease.holder!.seenSinceMs).toBe(documents[1]!.lease.holder!.seenSinceMs)
  })

  test('--watch keeps to the connections of its first look', async () => {
    const { env } = await startTable()
    const watch = new RunningCli(['status', '--key', 'k', '--watch', '--interval-ms', '5', '--json'], { env })
    const sockets = () => {
      const folder = `/proc/${watch.process.pid}/fd`
      return readdirSync(folder).filter((fd) => readlinkSync(`${folder}/${fd}`).startsWith('socket:')).length
    }
    await watch.said(/(.+\n){2}/)
    const atFirst = sockets()
    await watch.said(/(.+\n){30}/)
    expect(sockets()).toBe(atFirst)
  })

  test('with a key leaves alone a DATABASE_URL that names no file', async () => {
    const { env } = await startTable()
    const args = ['status', '--key', 'k']
    const surroundings = { env: { ...env, DATABASE_URL: 'postgresql://host/db' } }
    const { code, document } = await cliJson(args, surroundings)
    expect({ code, key: (document as { lease: { key?: string } }).lease.key }).toEqual({ code: 0, key: 'k' })
    expect((await cli([...args, '--url', 'postgresql://host/db'], surroundings)).code).toBe(2)
  })

  test('without a file shows the line of a key', async () => {
    const { env } = await startTable()
    const { code, document } = await cliJson(['status', '--key', 'database#/mnt/efs/app.db'], { env })
    expect(code).toBe(0)
    expect(document).not.toHaveProperty('file')
    expect(document).toMatchObject({ lease: { key: 'database#/mnt/efs/app.db', holder: null, waiting: [] } })
  })

  test('shows the file where the table is not there, says why not the rest, and ends with 1', async () => {
    const { env } = await startTable()
    const path = await bank()
    const { code, document } = await cliJson(['status', '--url', path, '--table', 'nowhere'], { env })
    expect(code).toBe(1)
    expect(document).toMatchObject({ file: { state: 'database' }, lease: { error: { code: 'TABLE_NOT_FOUND' } } })
    const { stdout } = await cli(['status', '--url', path, '--table', 'nowhere'], { env })
    expect(stdout).toMatch(/lease +not known: TABLE_NOT_FOUND: .*nowhere/)
  })

  test('shows the line where the file can not be looked at, and ends with 1', async () => {
    const { env } = await startTable()
    const { code, document } = await cliJson(['status', '--url', '/nowhere/app.db'], { env })
    expect(code).toBe(1)
    expect(document).toMatchObject({ file: { error: { code: 'CONFIGURATION' } }, lease: { holder: null } })
  })

  test('tells a journal that a stranger emptied or took away', async () => {
    const path = await bank()
    truncateSync(`${path}-journal`)
    expect((await cli(['status', '--url', path, '--local'])).stdout).toMatch(/journal +EMPTY/)
  })

  test('shows who holds a lock by the protocol of django-sqlite-efs', async () => {
    const { env } = await startTable()
    const path = await bank()
    const django = ['--protocol', 'django-sqlite-efs', '--url', path]
    const running = new RunningCli(
      ['run', ...django, '--', process.execPath, '-e', 'console.log("running"); setInterval(() => {}, 1000)'],
      { env },
    )
    await running.said(/running/)
    const { document } = await cliJson(['status', ...django], { env })
    expect(document).toMatchObject({ lease: { holder: { isOverdue: false }, waiting: [] } })
    running.process.kill('SIGTERM')
    expect((await running.ended).code).toBe(128 + 15)
    const after = await cliJson(['status', ...django], { env })
    expect(after.document).toMatchObject({ lease: { holder: null } })
  })

  test('is over when its reader is', async () => {
    const path = await bank()
    const watch = new RunningCli(['status', '--url', path, '--local', '--watch', '--interval-ms', '10', '--json'])
    await watch.said(/\n/)
    watch.process.stdout!.destroy()
    expect(await watch.ended).toMatchObject({ code: 0, stderr: '' })
  })
})

interface StatusDocument {
  lease: { holder: { seenSinceMs?: number } | null }
}

test('a writer at work keeps nobody from looking', async () => {
  const path = await bank()
  const database = openDatabase({ path, leaser: localLeaser(path) })
  onTestFinished(() => database.close())
  const transaction = await database.transaction()
  await transaction.execute('UPDATE account SET balance = 1')
  const { code, document } = await cliJson(['status', '--url', path, '--local'])
  expect(code).toBe(0)
  expect(document).toMatchObject({ file: { state: 'database' }, lease: { holder: { isOverdue: false } } })
  await transaction.rollback()
})
