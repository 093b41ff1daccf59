import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { openDatabase } from '@sqlite-efs/database'
import Libsql from 'libsql'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Finding } from '../src/doctor/finding.js'
import { cli, cliJson, errorOf } from './support/cli.js'
import { bank, localLeaser, scratchFolder } from './support/scratch.js'
import { startTable } from './support/table.js'

const PAGE = 4096

interface Checked {
  problems: { kind: string; what: string }[]
  pages: number
}

/** A database with several levels of b-tree, an index, overflow pages and free pages. */
async function library(): Promise<string> {
  const path = await bank()
  const database = openDatabase({ path, leaser: localLeaser(path), release: 'before-answer' })
  await database.script(
    `CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
     CREATE TABLE book (id INTEGER PRIMARY KEY, authorId INTEGER REFERENCES author(id), text BLOB);
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO author SELECT i, 'author ' || i FROM n;
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) INSERT INTO book SELECT i, i, randomblob(50000) FROM n;
     CREATE TABLE gone AS SELECT randomblob(2000000) AS x; DROP TABLE gone`,
  )
  await database.close()
  return path
}

/** The number of a page of a kind, as SQLite has it. */
function pageOf(path: string, sql: string): number {
  const libsql = new Libsql(path)
  try {
    return (libsql.prepare(sql).raw().get([]) as [number])[0]
  } finally {
    libsql.close()
  }
}

function overwrite(path: string, page: number, content = Buffer.alloc(PAGE, 0x5a)): void {
  const file = openSync(path, 'r+')
  writeSync(file, content, 0, PAGE, (page - 1) * PAGE)
  closeSync(file)
}

const freelistTrunk = (path: string) => readFileSync(path).readUInt32BE(32)

async function check(path: string, options: Parameters<typeof cliJson>[1] = {}, args = ['--local']) {
  const { code, document, stderr } = await cliJson(['check', '--url', path, ...args], options)
  return { code, stderr, ...(document as unknown as Checked) }
}

describe('check', () => {
  test('finds nothing in a database that is in order, takes no lease, writes nothing, and leaves no copy', async () => {
    const { env, leaser, dynamodb } = await startTable()
    const path = await bank(undefined, leaser)
    const TMPDIR = scratchFolder()
    const before = { file: readFileSync(path), folder: readdirSync(dirname(path)) }
    dynamodb.requests.length = 0
    const checked = await check(path, { env: { ...env, TMPDIR } }, [])
    expect(checked).toMatchObject({ code: 0, path, problems: [], pages: statSync(path).size / PAGE, heldLease: false })
    expect(dynamodb.requests).toEqual([])
    expect(readFileSync(path).equals(before.file)).toBe(true)
    expect(readdirSync(dirname(path))).toEqual(before.folder)
    expect(readdirSync(TMPDIR)).toEqual([])
    expect(checked.stderr).toContain('"copying"')
  })

  test.each<[string, (path: string) => unknown]>([
    [
      'an inner page of a b-tree that was overwritten',
      (path) => overwrite(path, pageOf(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'author'")),
    ],
    [
      'a leaf of a table that was overwritten',
      (path) =>
        overwrite(
          path,
          pageOf(path, "SELECT pageno FROM dbstat WHERE name = 'author' AND pagetype = 'leaf' LIMIT 1 OFFSET 5"),
        ),
    ],
    [
      'a leaf of an index that was zeroed',
      (path) =>
        overwrite(
          path,
          pageOf(
            path,
            "SELECT pageno FROM dbstat WHERE name = 'sqlite_autoindex_author_1' AND pagetype = 'leaf' LIMIT 1 OFFSET 5",
          ),
          Buffer.alloc(PAGE),
        ),
    ],
    [
      'an overflow page that was overwritten',
      (path) =>
        overwrite(
          path,
          pageOf(path, "SELECT pageno FROM dbstat WHERE name = 'book' AND pagetype = 'overflow' LIMIT 1 OFFSET 5"),
        ),
    ],
    ['a page of the freelist that was overwritten', (path) => overwrite(path, freelistTrunk(path))],
    [
      'a page that another page was written over',
      (path) => {
        const leaf = (offset: number) =>
          pageOf(path, `SELECT pageno FROM dbstat WHERE name = 'author' AND pagetype = 'leaf' LIMIT 1 OFFSET ${offset}`)
        const from = leaf(3)
        overwrite(path, leaf(9), readFileSync(path).subarray((from - 1) * PAGE, from * PAGE))
      },
    ],
    ['a file without its last page', (path) => truncateSync(path, statSync(path).size - PAGE)],
    ['a file without its last bytes', (path) => truncateSync(path, statSync(path).size - 1)],
    ['a file of which half is left', (path) => truncateSync(path, statSync(path).size / 2)],
    ['a file of which one page is left', (path) => truncateSync(path, PAGE)],
  ])('finds %s, and changes nothing', async (_, damage) => {
    const path = await library()
    expect(await check(path)).toMatchObject({ code: 0, problems: [] })
    damage(path)
    const before = readFileSync(path)
    const { code, problems } = await check(path)
    expect(code).toBe(4)
    expect(problems.some(({ kind }) => kind === 'integrity')).toBe(true)
    expect(problems.every(({ what }) => what.length > 0)).toBe(true)
    expect(readFileSync(path).equals(before)).toBe(true)
    const { stdout } = await cli(['check', '--url', path, '--local'])
    expect(stdout).toMatch(/has problems:\n {2}integrity: .*\n[\s\S]*-> Stop the writers.*restore a snapshot/)
  })

  test('says how far a file that ends too early should go', async () => {
    const path = await library()
    const { size } = statSync(path)
    truncateSync(path, size / 2)
    const { problems } = await check(path)
    expect(problems[0]?.what).toContain(
      `its header counts ${size} bytes (${size / PAGE} pages), and it has ${size / 2}`,
    )
  })

  test('says so of a file that ends within its header', async () => {
    const path = await library()
    truncateSync(path, 50)
    expect((await check(path)).problems[0]?.what).toContain(`its header counts ${PAGE} bytes (1 pages), and it has 50`)
  })

  test('finds foreign keys that point nowhere, and counts them by table', async () => {
    const path = await library()
    const libsql = new Libsql(path)
    libsql.exec('PRAGMA foreign_keys=OFF; UPDATE book SET authorId = authorId + 1000000 WHERE id IN (7, 9)')
    libsql.close()
    const { code, problems } = await check(path)
    expect({ code, problems }).toEqual({
      code: 3,
      problems: [{ kind: 'foreign-key', what: '2 rows of book point to no row of author (the first has rowid 7)' }],
    })
  })

  test('names a foreign key that can not be checked', async () => {
    const path = await bank()
    const libsql = new Libsql(path)
    libsql.exec(
      'PRAGMA foreign_keys=OFF; CREATE TABLE parent (a); CREATE TABLE child (a REFERENCES parent(a)); INSERT INTO child VALUES (1)',
    )
    libsql.close()
    const { code, problems } = await check(path)
    expect(code).toBe(3)
    expect(problems).toEqual([{ kind: 'foreign-key', what: expect.stringContaining('mismatch') as string }])
  })

  test('of what is no database, or is not there, fails', async () => {
    const text = join(scratchFolder(), 'text.db')
    writeFileSync(text, 'hello '.repeat(1000))
    const ended = await cli(['check', '--url', text, '--local', '--json'])
    expect(ended.code).toBe(1)
    expect(errorOf(ended)).toMatchObject({ code: 'CONFIGURATION' })
    const missing = await cli(['check', '--url', join(scratchFolder(), 'none.db'), '--local', '--json'])
    expect(missing.code).toBe(1)
    expect(errorOf(missing)).toMatchObject({ code: 'NOT_FOUND' })
  })

  test('lets writers go on, and has the state of one commit', async () => {
    const path = await library()
    const database = openDatabase({ path, leaser: localLeaser(path) })
    onTestFinished(() => database.close())
    const done = new AbortController()
    const writing = (async () => {
      let writes = 0
      for (; !done.signal.aborted; writes++) await database.execute('UPDATE account SET balance = balance + 1')
      return writes
    })()
    const checked = await check(path)
    done.abort()
    expect(await writing).toBeGreaterThan(0)
    expect(checked).toMatchObject({ code: 0, problems: [] })
  })
})

describe('doctor', () => {
  async function doctor(path: string) {
    const { code, document } = await cliJson(['doctor', '--local', '--url', path])
    return { code, findings: (document as unknown as { findings: Finding[] }).findings }
  }

  test.each<[string, (size: number) => number]>([
    ['its last page', (size) => size - PAGE],
    ['its last byte', (size) => size - 1],
    ['half of it', (size) => size / 2],
    ['all but one page', () => PAGE],
    ['all but its header', () => 100],
    ['all but a part of its header', () => 50],
  ])('finds a file without %s, and names the way out', async (_, cut) => {
    const path = await library()
    truncateSync(path, cut(statSync(path).size))
    const { code, findings } = await doctor(path)
    expect(code).toBe(4)
    expect(findings.filter(({ severity }) => severity === 'error')).toMatchObject([
      { check: 'size', wayOut: expect.stringMatching(/restore a snapshot.*sqlite-efs check/) as string },
    ])
  })

  test('says that it reads no pages, and which command does', async () => {
    const path = await library()
    overwrite(path, 5)
    const { code, findings } = await doctor(path)
    expect(code).toBe(0)
    expect(findings).toContainEqual(
      expect.objectContaining({
        check: 'content',
        severity: 'note',
        wayOut: expect.stringContaining('sqlite-efs check') as string,
      }),
    )
  })

  test('finds no fault in a file that is longer than its content', async () => {
    const path = await library()
    truncateSync(path, statSync(path).size + 10 * PAGE)
    const { code, findings } = await doctor(path)
    expect(code).toBe(0)
    expect(findings).toContainEqual(expect.objectContaining({ check: 'size', severity: 'note' }))
    expect(await check(path)).toMatchObject({ code: 0, problems: [] })
  })
})
