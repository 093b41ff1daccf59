import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Libsql from 'libsql'
import { describe, expect, it, onTestFinished } from 'vitest'
import { checkMemory } from '../src/contents/copy/space.js'
import { journalState } from '../src/file/journal.js'
import { DatabaseError } from '../src/index.js'
import { check, restore, snapshot } from '../src/maintenance.js'
import { FILLER, openBigBank } from './support/big-bank.js'
import { WatchedLeaser } from './support/leasers.js'
import { outsider } from './support/outsider.js'
import { runChild } from './support/run-child.js'
import { nextTick, open, openBank, rows, scratchFolder, scratchPath } from './support/scratch.js'
import { startChild } from './support/start-child.js'

const SUM = 'SELECT sum(balance) FROM account'
const newPath = (name = 'copy.db') => join(scratchFolder(), name)

/** A database file that plain SQLite made. */
function made(sql: string, path = newPath()): string {
  const libsql = new Libsql(path)
  libsql.exec(sql)
  libsql.close()
  return path
}

/** What plain SQLite finds in a file. */
function inFile(path: string, sql: string): unknown {
  const libsql = new Libsql(path)
  onTestFinished(() => void libsql.close())
  return libsql.prepare(sql).raw().all([])
}

/** Rows, in short. */
const digest = (found: unknown) =>
  createHash('sha256')
    .update(JSON.stringify(found, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)))
    .digest('hex')

/** Rows that fill about so many pages. */
const fill = (pages: number, table = 'bulk') =>
  `CREATE TABLE ${table} (x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${pages}) INSERT INTO ${table} SELECT randomblob(3500) FROM n`

describe('a restore', () => {
  it('has the content of the source, and keeps the one of before beside the database', async () => {
    const bank = await openBank()
    const from = newPath()
    await snapshot(bank, from)
    await bank.script('UPDATE account SET balance = 0; CREATE TABLE later (x)')
    const result = await restore(bank, from)
    expect(result).toMatchObject({ path: bank.path, rows: { account: 2 } })
    expect(await rows(bank, SUM)).toEqual([[200n]])
    expect(await rows(bank, 'SELECT name FROM sqlite_schema')).toEqual([['account']])
    expect(await check(bank)).toEqual([])
    expect(result.bytes).toBe(statSync(bank.path).size)
    expect(dirname(result.keptAt)).toBe(dirname(bank.path))
    expect(result.keptAt).toMatch(/app\.db\.before-restore-\d{8}T\d{6}\.\d{3}Z$/)
    expect(inFile(result.keptAt, `SELECT (${SUM}), (SELECT count(*) FROM later)`)).toEqual([[0, 0]])
  })

  it.each<[string, string, string]>([
    ['grows', fill(600), ''],
    ['grows where pages were free', fill(600), `${fill(300)}; DROP TABLE bulk`],
    ['grows by one page', 'CREATE TABLE one (x)', ''],
    ['shrinks', 'CREATE TABLE one (x)', fill(2_000)],
    ['has no table any more', 'PRAGMA user_version=0', fill(5)],
    ['has FTS5', "CREATE VIRTUAL TABLE note USING fts5(text); INSERT INTO note VALUES ('hello world')", ''],
    [
      'has a table WITHOUT ROWID',
      'CREATE TABLE pair (a, b, PRIMARY KEY (a, b)) WITHOUT ROWID; INSERT INTO pair VALUES (1, 2)',
      '',
    ],
    [
      'has AUTOINCREMENT',
      'CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO counted VALUES (41)',
      '',
    ],
    ['was in WAL mode', `PRAGMA journal_mode=WAL; ${fill(5)}`, ''],
    ['moves its pages at each commit (auto_vacuum)', `PRAGMA auto_vacuum=FULL; ${fill(700)}`, fill(20)],
    ['has larger pages', `PRAGMA page_size=16384; ${fill(50)}`, ''],
    ['has smaller pages', `PRAGMA page_size=512; ${fill(50)}`, ''],
  ])('that %s goes on as the source would', async (_, source, live) => {
    const from = made(source)
    const expected = inFile(from, 'SELECT name, sql FROM sqlite_schema ORDER BY 1') as unknown[][]
    const bank = await openBank()
    if (live) await bank.script(live)
    const { rows: counts } = await restore(bank, from)
    expect(await rows(bank, 'SELECT name, sql FROM sqlite_schema ORDER BY 1')).toEqual(expected)
    for (const table of Object.keys(counts)) {
      const sql = `SELECT * FROM "${table}"`
      expect(digest(await rows(bank, sql))).toBe(digest(inFile(from, sql)))
    }
    const bytes = Number(
      (await rows(bank, 'SELECT page_count * page_size FROM pragma_page_count, pragma_page_size'))[0]?.[0],
    )
    expect(statSync(bank.path).size).toBe(bytes)
    expect(journalState(bank.path)).toBe('cold')
    await bank.script(`${fill(30, 'more')}; DROP TABLE more; CREATE TABLE after (x); INSERT INTO after VALUES (1)`)
    expect(await check(bank)).toEqual([])
    await bank.close()
    expect(inFile(bank.path, 'PRAGMA integrity_check')).toEqual([['ok']])
  })

  it('takes no number of pages from a source whose header says that it is out of date', async () => {
    const from = made(fill(200))
    // As SQLite before 3.7.0 leaves it (https://www.sqlite.org/fileformat2.html#in_header_database_size).
    const bytes = readFileSync(from)
    bytes.writeUInt32BE(5, 28)
    bytes.writeUInt32BE(bytes.readUInt32BE(24) + 7, 24)
    writeFileSync(from, bytes)
    const bank = await openBank()
    await restore(bank, from)
    expect(await rows(bank, 'SELECT count(*) FROM bulk')).toEqual([[200n]])
    expect(await check(bank)).toEqual([])
  })

  it('goes from a database that moves its pages at each commit (auto_vacuum) to one that does not', async () => {
    const path = made(
      `PRAGMA auto_vacuum=FULL; ${fill(700)}; CREATE TABLE gone AS SELECT * FROM bulk; DROP TABLE gone`,
      scratchPath(),
    )
    const database = open(path)
    // What is free in it is what SQLite would cut off.
    await restore(database, made(`${fill(900, 'other')}; CREATE TABLE gone AS SELECT * FROM other; DROP TABLE gone`))
    expect(await rows(database, 'SELECT count(*), sum(length(x)) FROM other')).toEqual([[900n, 900n * 3_500n]])
    expect(await check(database)).toEqual([])
  })

  it('of :memory: works, too', async () => {
    const memory = open(':memory:')
    await memory.script('CREATE TABLE t (a)')
    expect(await restore(memory, made(fill(10)))).toMatchObject({ rows: { bulk: 10 } })
  })

  it('replaces a damaged table', async () => {
    const bank = await openBank()
    const from = newPath()
    await snapshot(bank, from)
    outsider(bank.path).exec(
      "UPDATE sqlite_dbpage SET data = zeroblob(length(data)) WHERE pgno = (SELECT rootpage FROM sqlite_schema WHERE name = 'account')",
    )
    await expect(rows(bank, SUM)).rejects.toMatchObject({ details: { extendedCode: 11 } })
    await restore(bank, from)
    expect(await rows(bank, SUM)).toEqual([[200n]])
  })

  it('tells how far it is', async () => {
    const bank = await openBank()
    const phases: string[] = []
    await restore(bank, made(fill(2_000)), {
      onProgress: ({ phase, donePages, pages }) => {
        expect(donePages).toBeLessThanOrEqual(pages)
        if (phases.at(-1) !== phase) phases.push(phase)
      },
    })
    expect(phases).toEqual(['checking', 'copying', 'growing', 'writing', 'committing', 'verifying'])
  })
})

describe('the fence', () => {
  it('does not go back with an older content', async () => {
    const bank = await openBank()
    const from = newPath()
    const { fence: before } = await snapshot(bank, from)
    for (let n = 0; n < 3; n++) {
      await bank.close()
      const next = open(bank.path, { leaser: new WatchedLeaser() })
      await next.execute('UPDATE account SET balance = balance', [])
      await next.close()
    }
    const last = open(bank.path)
    const { fence } = await restore(last, from)
    expect(fence).toBeGreaterThan(before!)
    expect(
      inFile(bank.path, 'SELECT user_version, application_id FROM pragma_user_version, pragma_application_id'),
    ).toEqual([[fence, 0x53514546]])
  })

  it('is there also where a write before it has stored the same ticket', async () => {
    // The restore follows under the same lease, however slow the machine is.
    const bank = await openBank({ maxHoldMs: 60_000 })
    const from = newPath()
    await snapshot(bank, from)
    const transaction = await bank.transaction()
    await transaction.execute('UPDATE account SET balance = 0')
    const progress = new EventEmitter()
    const restored = restore(bank, from, {
      onProgress: ({ phase, donePages }) => donePages > 0 && progress.emit(phase),
    })
    await once(progress, 'checking')
    await nextTick()
    await transaction.commit()
    const { fence, keptAt } = await restored
    expect(inFile(keptAt, `SELECT user_version, (${SUM}) FROM pragma_user_version`)).toEqual([[fence, 0]])
    expect(inFile(bank.path, `SELECT user_version, (${SUM}) FROM pragma_user_version`)).toEqual([[fence, 200]])
  })

  it('comes to a file that had none', async () => {
    const bank = await openBank()
    const { fence } = await restore(bank, made('CREATE TABLE t (a)'))
    expect(inFile(bank.path, 'PRAGMA user_version')).toEqual([[fence]])
  })

  it("with fencing: 'off' is left to the source, and a mark is taken off", async () => {
    const bank = await openBank({ fencing: 'off' })
    expect(
      await restore(bank, made('CREATE TABLE t (a); PRAGMA user_version=7; PRAGMA application_id=9')),
    ).toMatchObject({ fence: undefined })
    expect(
      inFile(bank.path, 'SELECT user_version, application_id FROM pragma_user_version, pragma_application_id'),
    ).toEqual([[7, 9]])
    const marked = newPath()
    await snapshot(await openBank(), marked)
    await restore(bank, marked)
    await bank.execute('UPDATE account SET balance = balance', [])
    expect(
      inFile(bank.path, 'SELECT user_version, application_id FROM pragma_user_version, pragma_application_id'),
    ).toEqual([[0, 0]])
  })
})

describe('another host that has the database open', () => {
  it('sees the restored content at its next read, with the tables that it has then, and writes into it', async () => {
    const bank = await openBank()
    const from = newPath()
    await snapshot(bank, from)
    await bank.script(
      `DROP TABLE account; ${fill(50)}; CREATE TABLE account (id TEXT, owner TEXT); INSERT INTO account VALUES ('x', 'y')`,
    )
    const other = startChild('other-host.ts', [bank.path])
    const ask = async (sql: string): Promise<unknown> => {
      other.say(sql)
      return JSON.parse(await other.nextLine())
    }
    expect(await ask('SELECT * FROM account')).toEqual([['x', 'y']])
    await ask("UPDATE account SET owner = 'z'")
    expect(await ask('SELECT count(*) FROM bulk')).toEqual([[50]])
    await restore(bank, from)
    expect(await ask('SELECT * FROM account')).toEqual([
      [1, 100],
      [2, 100],
    ])
    expect(await ask('SELECT count(*) FROM bulk')).toMatch(/no such table/)
    await ask('UPDATE account SET balance = balance + 1')
    expect(await rows(bank, SUM)).toEqual([[202n]])
    expect(await check(bank)).toEqual([])
  })

  it('sees it also where the source has the counters that it remembers', async () => {
    const path = scratchPath()
    const setUp = 'CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL)'
    made(
      `PRAGMA journal_mode=PERSIST; ${setUp}; INSERT INTO account VALUES (1, 1); INSERT INTO account VALUES (2, 1)`,
      path,
    )
    const from = newPath()
    copyFileSync(path, from)
    // As many commits as the live one will have had when it is overwritten, or one more or less: the same size, the same schema cookie.
    const counters = (file: string) => readFileSync(file).subarray(24, 44).toString('hex')
    made('UPDATE account SET balance = 1000 WHERE id = 1; UPDATE account SET balance = 1000 WHERE id = 2', from)
    made('UPDATE account SET balance = 2 WHERE id = 1; UPDATE account SET balance = 2 WHERE id = 2', path)
    expect(counters(path)).toBe(counters(from))
    const other = outsider(path)
    const prepared = other.prepare(SUM).raw()
    const bank = open(path, { fencing: 'off' })
    for (let round = 0; round < 3; round++) {
      expect(prepared.all([])).toEqual([[4]])
      await restore(bank, from)
      expect(prepared.all([])).toEqual([[2000]])
      await bank.execute('UPDATE account SET balance = ?', [2n])
      if (round > 0) made('UPDATE account SET balance = 1000', from)
    }
  })

  it('and reads in a deferred transaction sees the content of before to its end', async () => {
    const bank = await openBank()
    const from = made('CREATE TABLE t (a)')
    const reading = outsider(bank.path)
    reading.exec('BEGIN')
    expect(reading.prepare(SUM).raw().all([])).toEqual([[200]])
    const progress = new EventEmitter()
    const restored = restore(bank, from, { onProgress: ({ phase }) => progress.emit(phase) })
    await once(progress, 'committing')
    await nextTick()
    expect(reading.prepare(SUM).raw().all([])).toEqual([[200]])
    reading.exec('COMMIT')
    await restored
    expect(() => reading.prepare(SUM).raw().all([])).toThrow(/no such table/)
  })
})

describe('a restore that ends in the middle', () => {
  it.each([
    ['copying', '0'],
    ['growing', '0'],
    ['writing', '0'],
    ['committing', '0'],
  ])('killed as it is %s leaves the content of before', async (phase, afterMs) => {
    const bank = await openBank()
    expect(await runChild('restore-and-die.ts', [bank.path, made(fill(3_000)), phase, afterMs])).toMatchObject({
      signal: 'SIGKILL',
    })
    expect(await rows(bank, SUM)).toEqual([[200n]])
    expect(await check(bank)).toEqual([])
    await bank.execute('UPDATE account SET balance = balance', [])
  })

  it('killed in COMMIT leaves the content of before, or the new one, and nothing between', async () => {
    const source = await openBigBank()
    const from = newPath()
    await snapshot(source, from)
    const path = scratchPath()
    copyFileSync(from, path)
    const bank = open(path)
    await bank.script('UPDATE account SET balance = 1; UPDATE filler SET x = zeroblob(2000)')
    for (const afterMs of ['2', '5', '10']) {
      expect(await runChild('restore-and-die.ts', [path, from, 'committing', afterMs])).toMatchObject({
        signal: 'SIGKILL',
      })
      const [[sum] = []] = await rows(bank, SUM)
      expect(await rows(bank, FILLER)).toEqual([[10_000n, sum === 2n ? 20_000_000n : 10_000_000n]])
      expect(await check(bank)).toEqual([])
      await bank.script('UPDATE account SET balance = 1; UPDATE filler SET x = zeroblob(2000)')
    }
  })

  it('because its lease is lost is a conflict: nothing is written, and nothing is left beside', async () => {
    const leaser = new WatchedLeaser()
    const bank = await openBank({ leaser })
    const before = readFileSync(bank.path)
    const failed = restore(bank, made(fill(3_000)), {
      onProgress: ({ phase, donePages }) => {
        if (phase === 'writing' && donePages > 1_000) void leaser.lease?.release()
      },
    })
    await expect(failed).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
    expect(readFileSync(bank.path)).toEqual(before)
    expect(readdirSync(dirname(bank.path)).toSorted()).toEqual(['app.db', 'app.db-journal'])
    await bank.execute('UPDATE account SET balance = balance', [])
  })

  it('because somebody reads for too long is BUSY: nothing is written, and nothing is left beside', async () => {
    const bank = await openBank({ timeoutMs: 100 })
    const reading = outsider(bank.path)
    reading.exec('BEGIN; SELECT 1 FROM account')
    await expect(restore(bank, made(fill(10)))).rejects.toMatchObject({ code: 'BUSY' })
    reading.exec('COMMIT')
    expect(await rows(bank, SUM)).toEqual([[200n]])
    expect(readdirSync(dirname(bank.path)).toSorted()).toEqual(['app.db', 'app.db-journal'])
  })

  it('because the disk fails in COMMIT has an outcome that is not known: the copy stays, and the content is that of before', async () => {
    const bank = await openBank()
    await bank.close()
    const child = fileURLToPath(new URL('support/fail-in-restore.ts', import.meta.url))
    const command = `trap '' XFSZ; ulimit -f 20000; exec "$0" --conditions=@sqlite-efs/source --import tsx "$1" "$2" "$3"`
    const args = ['-c', command, process.execPath, child, bank.path, made(fill(6_000))]
    const output = execFileSync('bash', args, { encoding: 'utf8' })
    expect(JSON.parse(output)).toEqual({ restore: 'COMMIT_UNKNOWN', kept: 1, read: 200, snapshot: true })
    const after = open(bank.path)
    expect(await check(after)).toEqual([])
  })

  it('because there is no memory says so', () => {
    checkMemory('/app.db', 'a restore', 100, 100)
    expect(() => checkMemory('/app.db', 'a restore', 101, 100)).toThrow(
      expect.objectContaining({ code: 'SQLITE', details: { path: '/app.db', extendedCode: 7 } }),
    )
  })
})

describe('a source that is refused, before anything is touched:', () => {
  const refused: [string, (path: string) => unknown, string, RegExp][] = [
    ['one that is not there', () => newPath(), 'NOT_FOUND', /no file/],
    ['a relative path', () => 'copy.db', 'CONFIGURATION', /absolute/],
    ['nothing', () => undefined, 'CONFIGURATION', /^Option from must be .*, got nothing/],
    ['a folder', () => scratchFolder(), 'CONFIGURATION', /no database file/],
    ['the database itself', (path) => path, 'CONFIGURATION', /the database itself/],
    [
      'the database itself by another name',
      (path) => {
        const link = newPath()
        execFileSync('ln', [path, link])
        return link
      },
      'CONFIGURATION',
      /the database itself/,
    ],
    [
      'one of another kind',
      () => {
        const path = newPath()
        writeFileSync(path, 'x'.repeat(10_000))
        return path
      },
      'CONFIGURATION',
      /not a SQLite database/,
    ],
    [
      'one with a part of its content in a WAL file',
      () => {
        const path = newPath()
        const libsql = new Libsql(path)
        onTestFinished(() => void libsql.close())
        libsql.exec('PRAGMA journal_mode=WAL; CREATE TABLE t (a)')
        return path
      },
      'CONFIGURATION',
      /-wal still/,
    ],
    [
      'one with a hot journal',
      () => {
        const path = made('CREATE TABLE t (a)')
        writeFileSync(`${path}-journal`, Buffer.from('d9d505f920a163d7', 'hex'))
        return path
      },
      'CONFIGURATION',
      /died as he did/,
    ],
    [
      'one that uses the header for itself',
      () => made('PRAGMA user_version=3; CREATE TABLE t (a)'),
      'CONFIGURATION',
      /user_version \(3\)/,
    ],
    [
      'one with text of another encoding',
      () => made("PRAGMA encoding='UTF-16'; CREATE TABLE t (a)"),
      'CONFIGURATION',
      /UTF-16/,
    ],
    [
      'one that is damaged',
      () => {
        const path = made(
          'CREATE TABLE t (a); CREATE INDEX full ON t (a); INSERT INTO t VALUES (1); CREATE INDEX none ON t (a) WHERE a > 1',
        )
        const rootOf = (name: string) => `(SELECT rootpage FROM sqlite_schema WHERE name = '${name}')`
        const empty = `(SELECT data FROM sqlite_dbpage WHERE pgno = ${rootOf('none')})`
        return made(`UPDATE sqlite_dbpage SET data = ${empty} WHERE pgno = ${rootOf('full')}`, path)
      },
      'SQLITE',
      /is damaged/,
    ],
  ]
  it.each(refused)('%s', async (_, source, code, message) => {
    const leaser = new WatchedLeaser()
    const bank = await openBank({ leaser })
    const before = readFileSync(bank.path)
    leaser.log.length = 0
    const error = await restore(bank, source(bank.path) as string).catch((it: unknown) => it)
    expect(error).toBeInstanceOf(DatabaseError)
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string })
    expect(leaser.log).not.toContain('acquire')
    expect(readFileSync(bank.path)).toEqual(before)
    expect(readdirSync(dirname(bank.path)).toSorted()).toEqual(['app.db', 'app.db-journal'])
  })

  it('any, where there is no database', async () => {
    const path = scratchPath()
    await expect(restore(open(path), made('CREATE TABLE t (a)'))).rejects.toMatchObject({
      code: 'NOT_FOUND',
      details: { path },
    })
    expect(existsSync(path)).toBe(false)
  })
})
