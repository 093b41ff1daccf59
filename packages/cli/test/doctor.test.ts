import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import type { LeaseDiagnosis } from '@sqlite-efs/lease'
import Libsql from 'libsql'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fileFindings } from '../src/doctor/file-findings.js'
import type { Finding } from '../src/doctor/finding.js'
import { leaseFindings } from '../src/doctor/lease-findings.js'
import { lineFindings } from '../src/doctor/line-findings.js'
import { folderFindings, spaceFindings } from '../src/doctor/space.js'
import { cli, cliJson } from './support/cli.js'
import { libsql } from './support/libsql.js'
import { bank, scratchFolder } from './support/scratch.js'
import { allowing, startTable } from './support/table.js'

/** Runs doctor, and gives back its exit code and what it found wrong, as `check: severity`. */
async function doctor(args: readonly string[], env: Record<string, string> = {}) {
  const { code, document } = await cliJson(['doctor', ...args], { env })
  const { findings } = document as unknown as { findings: Finding[] }
  const bad = findings.filter(({ severity }) => severity === 'warning' || severity === 'error')
  return { code, findings, bad: bad.map(({ check, severity }) => `${check}: ${severity}`) }
}

describe('doctor', () => {
  test('finds nothing wrong with a good file and a good table, takes no lease, and writes nothing', async () => {
    const { env, leaser, dynamodb } = await startTable()
    const path = await bank(undefined, leaser)
    const before = {
      file: readFileSync(path),
      folder: readdirSync(dirname(path)),
      line: await leaser.inspect(`database#${path}`),
    }
    dynamodb.requests.length = 0
    const { code, findings, bad } = await doctor(['--url', path], env)
    expect({ code, bad }).toEqual({ code: 0, bad: [] })
    expect(findings.map(({ check }) => check)).toEqual([
      'file-system',
      'folder',
      'file',
      'size',
      'content',
      'journal-mode',
      'wal-leftovers',
      'journal',
      'fence',
      'fence-ticket',
      'mmap',
      'leftovers',
      'space',
      'temporary-space',
      'line',
      'table',
      'permission dynamodb:GetItem',
      'permission dynamodb:UpdateItem',
      'clock',
      'versions',
    ])
    expect(readFileSync(path).equals(before.file)).toBe(true)
    expect(readdirSync(dirname(path))).toEqual(before.folder)
    expect(await leaser.inspect(`database#${path}`)).toEqual(before.line)
  })

  test('says for each finding what to do, and counts', async () => {
    const folder = scratchFolder()
    const { code, stdout } = await cli(['doctor', '--local', '--url', join(folder, 'app.db')])
    expect(code).toBe(4)
    expect(stdout).toMatch(/^ERROR +file: There is no database at .*\n +-> .*sqlite-efs migrate deploy/)
    expect(stdout).toMatch(/\d+ checks: 1 error, 0 warnings, \d+ notes?, \d+ well\.\n$/)
    expect(stdout).not.toMatch(/^OK/m)
    expect((await cli(['doctor', '--local', '--verbose', '--url', join(folder, 'app.db')])).stdout).toMatch(/^OK/m)
  })

  test.each<[string, (path: string) => unknown, string[], number]>([
    ['a missing journal', (path) => rmSync(`${path}-journal`), ['journal: warning'], 3],
    ['an empty journal', (path) => truncateSync(`${path}-journal`), ['journal: warning'], 3],
    ['a hot journal', leaveHotJournal, ['journal: warning'], 3],
    ['a left -shm file', (path) => writeFileSync(`${path}-shm`, 'x'), ['wal-leftovers: warning'], 3],
    ['an empty file', (path) => truncateSync(path), ['file: error'], 4],
    ['a file that is no database', (path) => writeFileSync(path, 'hello '.repeat(1000)), ['file: error'], 4],
    [
      'a header that is used',
      (path) => withLibsql(path, 'PRAGMA application_id=7; PRAGMA user_version=3'),
      ['fence: error'],
      4,
    ],
  ])('finds %s', async (_, prepare, faults, exitCode) => {
    const path = await bank()
    prepare(path)
    const { code, bad } = await doctor(['--local', '--url', path])
    expect({ code, bad }).toEqual({ code: exitCode, bad: faults })
  })

  test('finds WAL mode, with what it keeps beside the file', async () => {
    const path = await bank()
    const libsql = new Libsql(path)
    onTestFinished(() => void libsql.close())
    libsql.exec('PRAGMA journal_mode=WAL; UPDATE account SET balance = 1')
    const { code, findings, bad } = await doctor(['--local', '--url', path])
    expect(code).toBe(4)
    expect(bad).toEqual(expect.arrayContaining(['journal-mode: error', 'wal-leftovers: error']))
    expect(findings.find(({ check }) => check === 'journal-mode')?.wayOut).toContain('PRAGMA journal_mode=DELETE')
  })

  test('finds a process that maps the file into its memory', async () => {
    const path = await bank()
    const [, command = '', ...args] = libsql(
      path,
      'PRAGMA mmap_size=268435456; BEGIN; SELECT count(*) FROM account',
      'console.log("mapped"); setInterval(() => database, 1000)',
    )
    const mapping = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void mapping.kill())
    await once(mapping.stdout, 'data')
    const { code, findings, bad } = await doctor(['--local', '--url', path])
    expect({ code, bad }).toEqual({ code: 4, bad: ['mmap: error'] })
    expect(findings.find(({ check }) => check === 'mmap')?.what).toContain(`process ${mapping.pid}`)
  })

  test('looks at what a symbolic link leads to', async () => {
    const path = await bank()
    const link = join(scratchFolder(), 'link.db')
    symlinkSync(path, link)
    const { findings } = await doctor(['--local', '--url', link])
    expect(findings.find(({ check }) => check === 'folder')?.what).toContain(dirname(path))
  })

  test('takes no commit that ends between its looks at file and line for a dead writer', async () => {
    const { env, leaser } = await startTable()
    const path = await bank(undefined, leaser)
    const lease = await leaser.acquire(`database#${path}`)
    const writer = new Libsql(path)
    onTestFinished(() => void writer.close())
    // Spilled to the file before its COMMIT: the journal is hot.
    writer.exec(`PRAGMA journal_mode=PERSIST; PRAGMA cache_size=1; BEGIN IMMEDIATE; UPDATE account SET balance = 7;
      CREATE TABLE filler AS SELECT hex(randomblob(90000)) AS x; UPDATE filler SET x = 1`)
    const endpoint = await withFirstRequest(env['AWS_ENDPOINT_URL_DYNAMODB']!, async () => {
      writer.exec('COMMIT')
      await lease.release()
    })
    const { code, bad } = await doctor(['--url', path], { ...env, AWS_ENDPOINT_URL_DYNAMODB: endpoint })
    expect({ code, bad }).toEqual({ code: 0, bad: [] })
  })

  test('finds what a killed snapshot or restore left, and not what may be at work', async () => {
    const path = await bank()
    const old = ['', '-journal', '.before-restore-20261125T101500.000Z'].map((part) => `${path}${part}.0123456789ab`)
    const others = [`${path}.0123456789ac`, `${path}.before-restore-20261125T101500.000Z`, `${path}.backup`]
    for (const file of [...old, ...others]) writeFileSync(file, 'x'.repeat(1024))
    for (const file of [...old, ...others.slice(1)]) utimesSync(file, 1, 1)
    const { code, findings, bad } = await doctor(['--local', '--url', path])
    expect({ code, bad }).toEqual({ code: 3, bad: ['leftovers: warning'] })
    const what = findings.find(({ check }) => check === 'leftovers')!.what
    for (const file of old) expect(what).toContain(file)
    for (const file of others) expect(what).not.toContain(`${file},`)
    expect(what).toContain('3.0 KiB')
  })

  test('without DynamoDB blames the table, and only notes that permissions are not known', async () => {
    const path = await bank()
    const env = { ...(await startTable()).env, AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1' }
    const { findings, bad } = await doctor(['--url', path], env)
    expect(bad).toEqual(['line: error', 'table: error'])
    for (const { severity, wayOut } of findings) if (severity === 'error') expect(wayOut).not.toMatch(/^$|docs\//)
    expect(
      findings.filter(({ check, severity }) => check.startsWith('permission') && severity === 'note'),
    ).toHaveLength(2)
  })

  test('finds a fence that is ahead of the table', async () => {
    const { env, leaser } = await startTable()
    const path = await bank(undefined, leaser)
    await cli(['create-table', '--table', 'another'], { env })
    const { code, bad } = await doctor(['--url', path, '--table', 'another'], env)
    expect({ code, bad }).toEqual({ code: 3, bad: ['fence-ticket: warning'] })
  })

  test('finds a table that is not there', async () => {
    const { env, leaser } = await startTable()
    const path = await bank(undefined, leaser)
    const { code, bad } = await doctor(['--url', path, '--table', 'nowhere'], env)
    expect({ code, bad }).toEqual({ code: 4, bad: ['line: error', 'table: error'] })
  })

  test('finds the one permission that is missing, and needs no other', async () => {
    const { env, leaser, dynamodb } = await startTable()
    const path = await bank(undefined, leaser)
    dynamodb.policy = allowing(dynamodb, 'dynamodb:GetItem')
    const { code, findings, bad } = await doctor(['--url', path], env)
    expect({ code, bad }).toEqual({ code: 4, bad: ['permission dynamodb:UpdateItem: error'] })
    expect(findings.find(({ check }) => check.includes('UpdateItem'))?.wayOut).toContain('sqlite-efs iam')
  })

  test('tries the permissions of the protocol of django-sqlite-efs', async () => {
    const { env, leaser } = await startTable()
    const path = await bank(undefined, leaser)
    const { code, findings } = await doctor(
      ['--url', path, '--protocol', 'django-sqlite-efs', '--key', 'database#other'],
      env,
    )
    expect(code).toBe(0)
    const tried = findings.filter(({ check }) => check.startsWith('permission')).map(({ check }) => check)
    expect(tried).toEqual([
      'permission dynamodb:GetItem',
      'permission dynamodb:PutItem',
      'permission dynamodb:DeleteItem',
    ])
  })
})

describe('what doctor makes of', () => {
  const NOW_MS = 1_800_000_000_000
  const contender = (ticket: number, aliveUntilMs: number) => ({
    id: `c${ticket}`,
    ticket,
    aliveUntilMs,
    owner: `host:${ticket}`,
  })
  const line = (...contenders: ReturnType<typeof contender>[]) => ({ key: 'k', ticket: 9, contenders })

  test('a dead holder: a note, and a warning where others wait for it', () => {
    const dead = contender(7, NOW_MS - 10_000)
    expect(lineFindings(line(dead), NOW_MS, 500)).toMatchObject([{ check: 'line', severity: 'note' }])
    const [finding] = lineFindings(line(dead, contender(8, NOW_MS + 1000)), NOW_MS, 500)
    expect(finding).toMatchObject({ severity: 'warning', wayOut: expect.stringContaining('--ticket 7') as string })
    expect(lineFindings(line(contender(7, NOW_MS - 400)), NOW_MS, 500)).toMatchObject([{ severity: 'ok' }])
  })

  test('a folder and a file that this user may not write: errors that say who owns the folder', async () => {
    const path = await bank()
    const findings = folderFindings(path, () => false)
    expect(findings).toMatchObject([
      { check: 'folder', severity: 'error', what: expect.stringMatching(/uid \d+, gid \d+, mode \d+/) as string },
      { check: 'file-access', severity: 'error' },
    ])
    expect(folderFindings(path)).toMatchObject([{ check: 'folder', severity: 'ok' }])
    expect(folderFindings('/nowhere/app.db')).toMatchObject([{ check: 'folder', severity: 'error' }])
  })

  test('room that is not there: warnings', () => {
    const severities = (free: number | undefined) =>
      spaceFindings('/tmp/app.db', 1000, () => free).map(({ check, severity }) => `${check}: ${severity}`)
    expect(severities(2000)).toEqual(['space: ok', 'temporary-space: ok'])
    expect(severities(1999)).toEqual(['space: warning', 'temporary-space: ok'])
    expect(severities(999)).toEqual(['space: warning', 'temporary-space: warning'])
    expect(severities(undefined)).toEqual([])
  })

  test('a journal that was taken away: an error where several hosts have the file', () => {
    const file = {
      path: '/mnt/efs/app.db',
      state: 'database',
      sizeBytes: 4096,
      journal: 'missing',
      journalBytes: 0,
      header: { pageSize: 4096, journalMode: 'rollback', isFenced: true, userVersion: 1, applicationId: 0x53514546 },
    } as const
    const severity = (isShared: boolean) =>
      fileFindings(file, { isShared, isHeld: false }).find(({ check }) => check === 'journal')?.severity
    expect(severity(true)).toBe('error')
    expect(severity(false)).toBe('warning')
  })

  test.each([
    [{ skewMs: 100, uncertaintyMs: 505, provenSkewMs: 0 }, 'ok'],
    [{ skewMs: 700, uncertaintyMs: 505, provenSkewMs: 195 }, 'warning'],
    [{ skewMs: -5000, uncertaintyMs: 505, provenSkewMs: -4495 }, 'error'],
  ])('a clock with %j: %s', (clock, severity) => {
    const diagnosis: LeaseDiagnosis = {
      tableName: 't',
      key: 'k',
      protocol: 'line',
      table: { state: 'fits', keys: ['pk HASH S'] },
      permissions: [],
      clock,
    }
    expect(leaseFindings(diagnosis, 500).find(({ check }) => check === 'clock')).toMatchObject({ severity })
  })
})

function withLibsql(path: string, sql: string): void {
  const libsql = new Libsql(path)
  libsql.exec(`PRAGMA journal_mode=PERSIST; ${sql}`)
  libsql.close()
}

/** As a writer leaves it that dies in COMMIT: the journal's magic number is in place. */
function leaveHotJournal(path: string): void {
  const journal = readFileSync(`${path}-journal`)
  Buffer.from('d9d505f920a163d7', 'hex').copy(journal)
  writeFileSync(`${path}-journal`, journal)
}

/** The endpoint of a DynamoDB API before whose first answer something happens. */
async function withFirstRequest(endpoint: string, happens: () => Promise<void>): Promise<string> {
  let happened: Promise<void> | undefined
  const proxy = createServer((incoming, answer) => {
    const { method, url: path = '/', headers } = incoming
    happened ??= happens()
    void happened.then(() => {
      const outgoing = request(new URL(path, endpoint), { method, headers }, (response) => {
        answer.writeHead(response.statusCode!, response.headers)
        response.pipe(answer)
      })
      incoming.pipe(outgoing)
    })
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  onTestFinished(() => void proxy.close())
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
}
