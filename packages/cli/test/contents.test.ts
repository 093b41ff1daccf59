import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { openDatabase } from '@sqlite-efs/database'
import { snapshot } from '@sqlite-efs/database/maintenance'
import { describe, expect, onTestFinished, test } from 'vitest'
import { progressText } from '../src/terminal/progress.js'
import { cli, cliJson, errorOf, RunningCli } from './support/cli.js'
import { bank, localLeaser, scratchFolder, total } from './support/scratch.js'
import { startTable } from './support/table.js'

const write = async (path: string, sql: string) => {
  const database = openDatabase({ path, leaser: localLeaser(path), release: 'before-answer' })
  await database.execute(sql)
  await database.close()
}

describe('snapshot', () => {
  test('makes a verified copy, from where it is called', async () => {
    const path = await bank()
    const cwd = scratchFolder()
    const { code, document, stderr } = await cliJson(['snapshot', 'copy.db', '--url', path, '--local'], { cwd })
    expect(code).toBe(0)
    const copy = join(cwd, 'copy.db')
    expect(document).toMatchObject({ path: copy, bytes: statSync(copy).size, rows: { account: 2 }, fence: 1, tries: 1 })
    expect(await total(copy)).toBe(200n)
    // What goes to stderr is JSON too.
    for (const line of stderr.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('progress.phase')
  })

  test('says on stdout what it made, and on stderr how far it was', async () => {
    const path = await bank()
    const copy = join(scratchFolder(), 'copy.db')
    const { code, stdout, stderr } = await cli(['snapshot', copy, '--url', path, '--local'])
    expect(code).toBe(0)
    expect(stdout).toBe(`${copy} has 8.0 KiB, 2 rows in 1 tables, verified.\n  account  2\n`)
    expect(stderr).toMatch(/^copying/)
  })

  test('leaves a file alone that is there already', async () => {
    const path = await bank()
    const copy = join(scratchFolder(), 'copy.db')
    writeFileSync(copy, 'mine')
    const ended = await cli(['snapshot', copy, '--url', path, '--local', '--json'])
    expect(ended.code).toBe(1)
    expect(errorOf(ended)).toMatchObject({ code: 'CONFIGURATION', message: expect.stringContaining(copy) as string })
    expect(statSync(copy).size).toBe(4)
  })

  test('of a database that is not there fails, and leaves nothing', async () => {
    const folder = scratchFolder()
    const ended = await cli(['snapshot', join(folder, 'copy.db'), '--url', join(folder, 'app.db'), '--local'])
    expect(ended).toMatchObject({ code: 1, stdout: '' })
    expect(ended.stderr).toMatch(/NOT_FOUND: /)
    expect(existsSync(join(folder, 'copy.db'))).toBe(false)
  })
})

describe('restore', () => {
  test('replaces the content, keeps what was there, and connections that are open see it', async () => {
    const path = await bank()
    const copy = join(scratchFolder(), 'copy.db')
    await cli(['snapshot', copy, '--url', path, '--local'])
    await write(path, 'UPDATE account SET balance = 1')
    const open = openDatabase({ path, leaser: localLeaser(path) })
    onTestFinished(() => open.close())
    expect((await open.execute('SELECT sum(balance) FROM account')).rows).toEqual([[2n]])
    const { code, document } = await cliJson(['restore', copy, '--yes', '--url', path, '--local'])
    expect(code).toBe(0)
    const { keptAt } = document as { keptAt: string }
    expect(document).toMatchObject({ path, rows: { account: 2 } })
    expect((await open.execute('SELECT sum(balance) FROM account')).rows).toEqual([[200n]])
    expect(dirname(keptAt)).toBe(dirname(path))
    expect(await total(keptAt)).toBe(2n)
  })

  test('without --yes, and without a terminal to ask on, changes nothing', async () => {
    const path = await bank()
    const copy = join(scratchFolder(), 'copy.db')
    await cli(['snapshot', copy, '--url', path, '--local'])
    await write(path, 'UPDATE account SET balance = 1')
    const ended = await cli(['restore', copy, '--url', path, '--local', '--json'])
    expect(ended.code).toBe(1)
    expect(errorOf(ended)).toMatchObject({ code: 'NOT_CONFIRMED', message: expect.stringContaining('--yes') as string })
    expect(await total(path)).toBe(2n)
  })

  test('from what is no database changes nothing', async () => {
    const path = await bank()
    const text = join(scratchFolder(), 'text')
    writeFileSync(text, 'hello '.repeat(1000))
    const ended = await cli(['restore', text, '--yes', '--url', path, '--local'])
    expect(ended).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/CONFIGURATION: .*not a SQLite/) as string,
    })
    expect(await total(path)).toBe(200n)
    expect(readdirSync(dirname(path)).filter((name) => name.includes('before-restore'))).toEqual([])
  })
})

describe('vacuum', () => {
  test('gives back what deleted rows left', async () => {
    const { env, leaser } = await startTable()
    const path = await bank(undefined, leaser)
    const database = openDatabase({ path, leaser, release: 'before-answer' })
    await database.script('CREATE TABLE filler AS SELECT randomblob(500000) AS x; DROP TABLE filler')
    await database.close()
    const bytesBefore = statSync(path).size
    const { code, document } = await cliJson(['vacuum', '--url', path], { env })
    expect(code).toBe(0)
    expect(document).toEqual({ bytesBefore, bytesAfter: statSync(path).size })
    expect(statSync(path).size).toBeLessThan(bytesBefore / 10)
    expect(await total(path, leaser)).toBe(200n)
  })

  test('says who holds the lease where its turn does not come in time', async () => {
    const path = await bank()
    const lease = await localLeaser(path).acquire(`database#${path}`, { owner: 'alice:1' })
    onTestFinished(() => lease.release())
    const ended = await cli(['vacuum', '--url', path, '--local', '--timeout-ms', '200', '--json'])
    expect(ended.code).toBe(1)
    expect(errorOf(ended)).toMatchObject({
      code: 'LEASE_TIMEOUT',
      message: expect.stringContaining('alice:1') as string,
    })
    expect(ended.stderr).toContain('{"note":"Waiting for the lease: alice:1 holds it')
  })
})

test.each([
  [{ phase: 'copying', donePages: 0, pages: 10 }, 'copying ...'],
  [{ phase: 'copying', donePages: 5, pages: 10 }, 'copying: 50 % (5 of 10 pages)'],
  [{ phase: 'verifying', donePages: 0, pages: 0 }, 'verifying ...'],
] as const)('progress %j is shown as %s', (progress, text) => {
  expect(progressText(progress)).toBe(text)
})

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'a snapshot or a restore that %s ends leaves no file behind, and says so',
  async (name) => {
    const path = await bank()
    await write(path, 'CREATE TABLE filler AS SELECT randomblob(40000000) AS x')
    const copy = join(scratchFolder(), 'copy.db')
    await cli(['snapshot', copy, '--url', path, '--local'])
    const before = readdirSync(dirname(path)).toSorted()
    for (const [args, begun] of [
      [['snapshot', `${path}.second`], /copying/],
      [['restore', copy, '--yes'], /keeping|copying/],
    ] as const) {
      const running = new RunningCli([...args, '--url', path, '--local', '--json'])
      await running.said(begun)
      expect(running.process.kill(name)).toBe(true)
      const ended = await running.ended
      expect(ended.code).toBe(128 + constants.signals[name])
      expect(errorOf(ended)).toMatchObject({ code: 'INTERRUPTED', message: expect.stringContaining(name) as string })
      expect(readdirSync(dirname(path)).toSorted()).toEqual(before)
    }
  },
)

test.each([
  ['vacuum', () => []],
  ['run', () => ['--', 'true']],
  ['restore', (path: string) => [join(dirname(path), 'copy.db'), '--yes']],
])("%s --fencing off leaves the file to an application with fencing: 'off'", async (command, args) => {
  const path = join(scratchFolder(), 'app.db')
  const application = openDatabase({ path, leaser: localLeaser(path), fencing: 'off', release: 'before-answer' })
  onTestFinished(() => application.close())
  await application.script('CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL)')
  await snapshot(application, join(dirname(path), 'copy.db'))
  const ended = await cli([command, '--url', path, '--local', '--fencing', 'off', ...args(path)])
  expect(ended).toMatchObject({ code: 0 })
  await application.execute('INSERT INTO account VALUES (1, 100)')
  expect((await cliJson(['status', '--url', path, '--local'])).document).toMatchObject({ file: { isFenced: false } })
})
