import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openDatabase } from '@sqlite-efs/database'
import { describe, expect, onTestFinished, test } from 'vitest'
import { cli, cliJson, RunningCli } from './support/cli.js'
import { libsql } from './support/libsql.js'
import { bank, localLeaser, scratchFolder, total } from './support/scratch.js'
import { startTable } from './support/table.js'

const node = (script: string) => ['--', process.execPath, '-e', script]
const STAYS = 'console.log("pid", process.pid); setInterval(() => {}, 1000)'

describe('run', () => {
  test('holds the lease while the command writes the file', async () => {
    const path = await bank()
    const sql = 'PRAGMA journal_mode=PERSIST; UPDATE account SET balance = 7'
    const { code, stdout, stderr } = await cli(['run', '--url', path, '--local', ...libsql(path, sql)])
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(await total(path)).toBe(14n)
  })

  test('keeps other writers waiting until the command ends', async () => {
    const path = await bank()
    const running = new RunningCli(['run', '--url', path, '--local', ...node(STAYS)])
    await running.said(/pid/)
    const database = openDatabase({ path, leaser: localLeaser(path), timeoutMs: 100_000 })
    onTestFinished(() => database.close())
    let isWritten = false
    const write = database.execute('UPDATE account SET balance = 1').then(() => {
      isWritten = true
    })
    await expect.poll(async () => (await localLeaser(path).inspect(`database#${path}`)).contenders.length).toBe(2)
    expect(isWritten).toBe(false)
    running.process.kill('SIGTERM')
    await running.ended
    await write
  })

  test('gives the command its ticket, and ends with its exit code', async () => {
    const path = await bank()
    const { code, stdout } = await cli([
      'run',
      '--url',
      path,
      '--local',
      ...node('console.log(process.env.SQLITE_EFS_LEASE_TOKEN); process.exit(42)'),
    ])
    expect({ code, stdout }).toEqual({ code: 42, stdout: '2\n' })
  })

  test('with --json tells how it ended on stdout, and what the command says on stderr', async () => {
    const path = await bank()
    const { code, document, stderr } = await cliJson(
      ['run', '--url', path, '--local'],
      {},
      node('console.log("hello"); process.exit(3)'),
    )
    expect(code).toBe(3)
    expect(document).toEqual({ token: 2, exitCode: 3, signal: null })
    expect(stderr).toBe('hello\n')
  })

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('passes %s on, and ends as the command does', async (name) => {
    const path = await bank()
    const script = `process.on('${name}', () => { console.log('had it'); process.exit(5) }); ${STAYS}`
    const running = new RunningCli(['run', '--url', path, '--local', ...node(script)])
    await running.said(/pid/)
    running.process.kill(name)
    expect(await running.ended).toMatchObject({ code: 5, stdout: expect.stringContaining('had it') as string })
  })

  test('ends with 128 + n where the signal ended the command', async () => {
    const path = await bank()
    const running = new RunningCli(['run', '--url', path, '--local', ...node(STAYS)])
    await running.said(/pid/)
    running.process.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ code: 143, stderr: '' })
  })

  test('stops the command when the lease is lost, and says so', async () => {
    const { env, leaser } = await startTable()
    const path = await bank(undefined, leaser)
    const running = new RunningCli(['run', '--url', path, '--ttl-ms', '2600', ...node(STAYS)], { env })
    await running.said(/pid/)
    await leaser.sweep(`database#${path}`, 2, { force: true })
    const { code, stderr } = await running.ended
    expect(code).toBe(125)
    expect(stderr).toMatch(/^LEASE_LOST: /)
  })

  test('kills a command that goes on after the lease is lost', async () => {
    const { env, leaser } = await startTable()
    const path = await bank(undefined, leaser)
    const script = `process.on('SIGTERM', () => console.log('no')); ${STAYS}`
    const args = ['run', '--url', path, '--ttl-ms', '2600', '--kill-after-ms', '50', ...node(script)]
    const running = new RunningCli(args, { env })
    await running.said(/pid/)
    await leaser.sweep(`database#${path}`, 2, { force: true })
    const { code, stdout } = await running.ended
    expect(code).toBe(125)
    const pid = Number(/pid (\d+)/.exec(stdout)![1])
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })

  test('puts the journal back that the command took away', async () => {
    const path = await bank()
    const sql = 'PRAGMA journal_mode=DELETE; UPDATE account SET balance = 7'
    const { code } = await cli(['run', '--url', path, '--local', ...libsql(path, sql)])
    expect(code).toBe(0)
    expect(existsSync(`${path}-journal`)).toBe(true)
  })

  test('leaves the line, and starts nothing, when a signal comes while it waits', async () => {
    const path = await bank()
    const key = `database#${path}`
    const lease = await localLeaser(path).acquire(key, { owner: 'alice:1' })
    onTestFinished(() => lease.release())
    const running = new RunningCli(['run', '--url', path, '--local', ...node('console.log("started")')])
    await running.said(/Waiting for the lease: alice:1 holds it, and this command is next/)
    running.process.kill('SIGTERM')
    const { code, stdout, stderr } = await running.ended
    expect({ code, stdout }).toEqual({ code: 143, stdout: '' })
    expect(stderr).toMatch(/INTERRUPTED: SIGTERM/)
    expect((await localLeaser(path).inspect(key)).contenders).toHaveLength(1)
  })

  test('starts nothing where the lease is not had in time, and ends with 125', async () => {
    const path = await bank()
    const lease = await localLeaser(path).acquire(`database#${path}`, { owner: 'alice:1' })
    onTestFinished(() => lease.release())
    const { code, stdout, stderr } = await cli([
      'run',
      '--url',
      path,
      '--local',
      '--timeout-ms',
      '100',
      ...node('console.log("started")'),
    ])
    expect({ code, stdout }).toEqual({ code: 125, stdout: '' })
    expect(stderr).toMatch(/LEASE_TIMEOUT: .*alice:1/)
  })

  test('ends with 127 where there is no such command, and with 126 where it can not be started', async () => {
    const path = await bank()
    const file = join(scratchFolder(), 'script')
    writeFileSync(file, 'text')
    chmodSync(file, 0o644)
    const none = await cli(['run', '--url', path, '--local', '--', '/no/such/command'])
    expect(none).toMatchObject({ code: 127, stderr: expect.stringMatching(/^COMMAND_NOT_FOUND: /) as string })
    const not = await cli(['run', '--url', path, '--local', '--', file])
    expect(not).toMatchObject({ code: 126, stderr: expect.stringMatching(/^COMMAND_NOT_EXECUTABLE: /) as string })
    expect((await localLeaser(path).inspect(`database#${path}`)).contenders).toEqual([])
  })

  test('uses no shell: what would mean something to one is an argument like any other', async () => {
    const path = await bank()
    const { stdout } = await cli([
      'run',
      '--url',
      path,
      '--local',
      ...node('console.log(process.argv.slice(1).join())'),
      '$HOME',
      '`id`',
      '; ls',
      '--url',
      '--json',
    ])
    expect(stdout).toBe('$HOME,`id`,; ls,--url,--json\n')
  })

  test('without a database starts nothing', async () => {
    const path = await bank()
    rmSync(path)
    const { code, stdout, stderr } = await cli(['run', '--url', path, '--local', ...node('console.log("started")')])
    expect({ code, stdout }).toEqual({ code: 125, stdout: '' })
    expect(stderr).toMatch(/^NOT_FOUND: /)
  })
})
