import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Libsql from 'libsql'
import { describe, expect, it, onTestFinished } from 'vitest'
import { checkSpace } from '../src/contents/copy/space.js'
import { snapshot } from '../src/maintenance.js'
import { openBigBank } from './support/big-bank.js'
import { leaserThatIsNeverAsked, WatchedLeaser } from './support/leasers.js'
import { outsider } from './support/outsider.js'
import { runChild } from './support/run-child.js'
import { nextTick, open, openBank, rows, scratchFolder, scratchPath } from './support/scratch.js'
import { startChild } from './support/start-child.js'

const SUM = 'SELECT sum(balance) FROM account'
const newPath = () => join(scratchFolder(), 'copy.db')

/** What plain SQLite finds in a file. */
function inFile(path: string, sql: string): unknown {
  const libsql = new Libsql(path)
  onTestFinished(() => void libsql.close())
  return libsql.prepare(sql).raw().all([])
}

describe('a snapshot', () => {
  it('is a database of its own with the same content, and says what is in it', async () => {
    const bank = await openBank()
    await bank.script(
      `CREATE TABLE pair (a TEXT, b INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID; INSERT INTO pair VALUES ('x', 1), ('x', 2), ('y', 1);
       CREATE TABLE taken (rowid TEXT, _rowid_ TEXT, oid TEXT); INSERT INTO taken VALUES ('a', 'b', 'c');
       CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO counted VALUES (-9223372036854775808), (9223372036854775807);
       CREATE TABLE "odd ""name" (x); CREATE VIRTUAL TABLE note USING fts5(text); INSERT INTO note VALUES ('hello world')`,
    )
    const path = newPath()
    const result = await snapshot(bank, path)
    expect(result).toMatchObject({ path, bytes: statSync(path).size, tries: 1, heldLease: false })
    expect(result.rows).toMatchObject({
      account: 2,
      pair: 3,
      taken: 1,
      counted: 2,
      'odd "name': 0,
      sqlite_sequence: 1,
      note_docsize: 1,
    })
    expect(inFile(path, 'PRAGMA user_version')).toEqual([[result.fence]])
    expect(inFile(path, 'PRAGMA integrity_check')).toEqual([['ok']])
    expect(inFile(path, "SELECT text FROM note WHERE note MATCH 'hello'")).toEqual([['hello world']])
    expect(inFile(path, SUM)).toEqual([[200]])
    expect(readdirSync(dirname(path))).toEqual(['copy.db'])
  })

  it('needs no lease', async () => {
    const path = scratchPath()
    await (await openBank({}, path)).close()
    expect(await snapshot(open(path, { leaser: leaserThatIsNeverAsked() }), newPath())).toMatchObject({ tries: 1 })
  })

  it('of an empty database, and of :memory:, is one, too', async () => {
    const memory = open(':memory:')
    expect(await snapshot(memory, newPath())).toMatchObject({ pages: 1, rows: {} })
    await memory.script('CREATE TABLE t (a); INSERT INTO t VALUES (1)')
    expect(await snapshot(memory, newPath())).toMatchObject({ rows: { t: 1 } })
  })

  it('of a file that uses the header for itself has no fence', async () => {
    const bank = await openBank({ fencing: 'off' })
    expect(await snapshot(bank, newPath())).toMatchObject({ fence: undefined })
  })

  it('counts rows in more than one step', async () => {
    const bank = await openBigBank()
    expect((await snapshot(bank, newPath())).rows).toEqual({ account: 2, filler: 10_000 })
  })

  it('tells how far it is, and goes on whatever its listener throws', async () => {
    const bank = await openBigBank()
    const seen: number[] = []
    const result = await snapshot(bank, newPath(), {
      onProgress: ({ phase, donePages, pages }) => {
        if (phase === 'copying') seen.push(donePages / pages)
        throw new Error('nobody listens')
      },
    })
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect([seen[0], seen.at(-1)]).toEqual([0, 1])
    expect(seen.length).toBeGreaterThan(2)
    expect(result.rows).toMatchObject({ account: 2 })
  })

  it('of a database with a hot journal shows the last committed state', async () => {
    const path = scratchPath()
    await (await openBank({}, path)).close()
    await runChild('die-in-commit.ts', [path])
    const copy = newPath()
    await snapshot(open(path), copy)
    expect(inFile(copy, SUM)).toEqual([[200]])
  })
})

describe('a snapshot while others write', () => {
  it('begins anew where somebody commits in the middle, and is as one commit left it', async () => {
    const bank = await openBigBank()
    const other = outsider(bank.path)
    let commits = 0
    const path = newPath()
    const result = await snapshot(bank, path, {
      onProgress: ({ phase, donePages, pages }) => {
        if (phase !== 'copying' || donePages === 0 || donePages === pages || commits > 0) return
        commits++
        other.exec('UPDATE account SET balance = balance + 5; INSERT INTO filler VALUES (zeroblob(100))')
      },
    })
    expect(result).toMatchObject({ tries: 2, heldLease: false, rows: { filler: 10_001 } })
    expect(inFile(path, SUM)).toEqual([[210]])
  })

  it('is made under the lease where somebody commits each time: then nobody can, and everybody reads', async () => {
    const leaser = new WatchedLeaser()
    const bank = await openBigBank({ leaser, release: 'before-answer' })
    leaser.log.length = 0
    const other = outsider(bank.path)
    const outcomes: string[] = []
    const reads: Promise<unknown>[] = []
    const result = await snapshot(bank, newPath(), {
      onProgress: ({ phase, donePages, pages }) => {
        if (phase !== 'copying' || donePages === 0 || donePages === pages) return
        try {
          other.exec('UPDATE account SET balance = balance + 1')
          outcomes.push('committed')
        } catch (error) {
          outcomes.push(String(error))
          reads.push(rows(bank, SUM))
        }
      },
    })
    expect(result).toMatchObject({ tries: 4, heldLease: true })
    expect(outcomes.slice(0, 4)).toEqual(['committed', 'committed', 'committed', expect.stringContaining('locked')])
    expect(outcomes.slice(4).every((outcome) => outcome.includes('locked'))).toBe(true)
    expect(await Promise.all(reads)).toEqual(reads.map(() => [[206n]]))
    await bank.close()
    expect(leaser.log).toEqual(['acquire', 'release'])
  })

  it('ends, and is consistent, however often another process commits; which goes on', async () => {
    const bank = await openBigBank()
    const writer = startChild('transfer-until-killed.ts', [bank.path])
    await writer.nextLine()
    for (let round = 0; round < 3; round++) {
      const path = newPath()
      await snapshot(bank, path, { timeoutMs: 60_000 })
      expect(inFile(path, SUM)).toEqual([[200]])
      expect(inFile(path, 'PRAGMA integrity_check')).toEqual([['ok']])
      expect(Number(await writer.nextLine())).toBeGreaterThan(0)
    }
  })

  it('under a lease that is lost is a conflict, and leaves no file', async () => {
    const leaser = new WatchedLeaser()
    const bank = await openBigBank({ leaser })
    const other = outsider(bank.path)
    const path = newPath()
    const failed = snapshot(bank, path, {
      onProgress: ({ donePages }) => {
        try {
          if (donePages > 0) other.exec('UPDATE account SET balance = balance + 1')
        } catch {
          void leaser.lease?.release()
        }
      },
    })
    await expect(failed).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
    expect(readdirSync(dirname(path))).toEqual([])
  })
})

describe('a snapshot that fails', () => {
  it.each<[string, (path: string) => unknown, RegExp]>([
    ['is there already', (path) => path, /there is a file already/],
    ['has no folder', (path) => `${path}/folder/copy.db`, /there is no folder/],
    ['is relative', () => 'copy.db', /absolute/],
    ['is nothing', () => undefined, /^Option to must be .*, got nothing/],
    ['holds a NUL', () => '/tmp/x\0y', /absolute/],
  ])('because its path %s is refused before anything is read', async (_, to, message) => {
    const bank = await openBank()
    const there = newPath()
    writeFileSync(there, 'mine')
    await expect(snapshot(bank, to(there) as string)).rejects.toMatchObject({
      code: 'CONFIGURATION',
      details: { option: 'to' },
    })
    await expect(snapshot(bank, to(there) as string)).rejects.toThrow(message)
    expect(readFileSync(there, 'utf8')).toBe('mine')
  })

  it('because somebody else made a file of that name meanwhile leaves that, and nothing else', async () => {
    const bank = await openBank()
    const path = newPath()
    const failed = snapshot(bank, path, { onProgress: () => writeFileSync(path, 'mine') })
    await expect(failed).rejects.toMatchObject({ code: 'CONFIGURATION' })
    expect(readFileSync(path, 'utf8')).toBe('mine')
    expect(readdirSync(dirname(path))).toEqual(['copy.db'])
  })

  it.each(['-journal', '-wal', '-shm'])(
    'because another database of that name has left its %s, which would change it, is told',
    async (suffix) => {
      const bank = await openBank()
      const path = newPath()
      const refusal = {
        code: 'CONFIGURATION',
        message: expect.stringContaining(`there is a file ${path}${suffix}`) as string,
      }
      const meanwhile = snapshot(bank, path, { onProgress: () => writeFileSync(`${path}${suffix}`, 'hot') })
      await expect(meanwhile).rejects.toMatchObject(refusal)
      expect(readdirSync(dirname(path))).toEqual([`copy.db${suffix}`])
      await expect(snapshot(bank, path)).rejects.toMatchObject({ ...refusal, details: { option: 'to' } })
      expect(readdirSync(dirname(path))).toEqual([`copy.db${suffix}`])
    },
  )

  it('because there is no database leaves nothing', async () => {
    const path = newPath()
    await expect(snapshot(open(scratchPath()), path)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(readdirSync(dirname(path))).toEqual([])
  })

  it('because the database is damaged says what is wrong, and leaves nothing', async () => {
    const bank = await openBank()
    await bank.script('CREATE TABLE other (x); CREATE INDEX by_x ON other (x); INSERT INTO other VALUES (1)')
    outsider(bank.path).exec(
      "UPDATE sqlite_dbpage SET data = (SELECT data FROM sqlite_dbpage WHERE pgno = (SELECT rootpage FROM sqlite_schema WHERE name = 'account')) WHERE pgno = (SELECT rootpage FROM sqlite_schema WHERE name = 'other')",
    )
    const path = newPath()
    await expect(snapshot(bank, path)).rejects.toMatchObject({
      code: 'SQLITE',
      details: { extendedCode: 11 },
      message: expect.stringContaining('is damaged') as string,
    })
    expect(readdirSync(dirname(path))).toEqual([])
  })

  it('because there is no room says how much is missing', () => {
    const demands = [
      { folder: '/a', bytes: 60 },
      { folder: '/b', bytes: 60 },
    ]
    const room = (devices: number[]) => (folder: string) => ({ free: 100, device: devices[folder === '/a' ? 0 : 1]! })
    checkSpace('/app.db', 'a copy', demands, room([1, 2]))
    expect(() => checkSpace('/app.db', 'a copy', demands, room([1, 1]))).toThrow(
      expect.objectContaining({ code: 'SQLITE', details: { path: '/app.db', extendedCode: 13 } }),
    )
    expect(() => checkSpace('/app.db', 'a copy', demands, room([1, 1]))).toThrow(/100 bytes free, and 120 are needed/)
  })

  it('because its process is killed has no file under its name', async () => {
    const bank = await openBigBank()
    const path = newPath()
    expect(await runChild('snapshot-and-die.ts', [bank.path, path])).toMatchObject({ signal: 'SIGKILL' })
    await nextTick()
    expect(existsSync(path)).toBe(false)
  })
})
