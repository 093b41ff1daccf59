import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, renameSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { LeaseError, LocalLeaser } from '@sqlite-efs/lease'
import Libsql from 'libsql'
import { describe, expect, it } from 'vitest'
import { openDatabase } from '../src/index.js'
import { check } from '../src/maintenance.js'
import { WatchedLeaser } from './support/leasers.js'
import { outsider } from './support/outsider.js'
import { runChild } from './support/run-child.js'
import { nextTick, open, openBank, rows, scratchPath } from './support/scratch.js'

const SUM = 'SELECT sum(balance) FROM account'

/** Starts a process that commits without end, and answers with what it has acknowledged so far. */
function startCommitting(path: string) {
  const child = spawn(
    process.execPath,
    [
      '--conditions=@sqlite-efs/source',
      '--import',
      'tsx',
      fileURLToPath(new URL('support/commit-until-killed.ts', import.meta.url)),
      path,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  return { child, acknowledged: () => output.split('\n').length - 1 }
}

describe('a file that somebody is committing to', () => {
  it('can be opened at every moment, also when he is killed in the middle, and keeps what he acknowledged', async () => {
    const path = scratchPath()
    const setUp = open(path)
    await setUp.script('CREATE TABLE entry (id INTEGER PRIMARY KEY, n INTEGER, filler BLOB)')
    await setUp.close()
    let before = 0
    for (let round = 0; round < 4; round++) {
      const { child, acknowledged } = startCommitting(path)
      await once(child.stdout, 'data')
      for (let i = 0; i < 20; i++) {
        const reader = openDatabase({ path, leaser: new LocalLeaser() })
        const [[count] = []] = await rows(reader, 'SELECT count(*) FROM entry')
        expect(Number(count)).toBeGreaterThanOrEqual(before)
        await reader.close()
      }
      child.kill('SIGKILL')
      await once(child, 'close')
      const after = open(path)
      before += acknowledged()
      const [[count] = []] = await rows(after, 'SELECT count(*) FROM entry')
      expect(Number(count)).toBeGreaterThanOrEqual(before)
      expect(await check(after)).toEqual([])
      before = Number(count)
      await after.close()
    }
  })

  it('may be longer in its header than on disk, as a killed writer leaves it: it is opened and recovered', async () => {
    const path = scratchPath()
    await (await openBank({}, path)).close()
    const { size } = statSync(path)
    await runChild('die-in-commit.ts', [path])
    // COMMIT writes the first page, with the new number of pages in it, before it appends the others.
    truncateSync(path, size)
    const file = openSync(path, 'r+')
    writeSync(file, Buffer.from([0, 0, 3, 0]), 0, 4, 28)
    closeSync(file)
    const bank = open(path)
    expect(await rows(bank, SUM)).toEqual([[200n]])
  })
})

describe('statements that try to get around', () => {
  it.each([';COMMIT', ';;COMMIT', "; ATTACH 'x' AS x", ';PRAGMA locking_mode=EXCLUSIVE', '/* x */;BEGIN', ';SELECT 1'])(
    'the refusal, by a semicolon before them: %s',
    async (sql) => {
      const bank = await openBank()
      await expect(bank.execute(sql)).rejects.toMatchObject({ code: 'STATEMENT_REFUSED' })
      const transaction = await bank.transaction()
      await transaction.execute('UPDATE account SET balance = 0')
      await expect(transaction.execute(sql)).rejects.toMatchObject({ code: 'STATEMENT_REFUSED' })
      await transaction.rollback()
      expect(await rows(bank, SUM)).toEqual([[200n]])
    },
  )

  it('the refusal, while the file is not there yet and something else waits', async () => {
    const bank = open(scratchPath())
    const results = await Promise.allSettled(
      [
        'CREATE TABLE a (x)',
        'INSERT INTO a VALUES (7)',
        'COMMIT',
        'INSERT INTO a VALUES (8)',
        "ATTACH 'x' AS x",
        'CREATE TEMP TABLE b (x)',
        'CREATE TABLE b (x); CREATE TABLE c (x)',
      ].map((sql) => bank.execute(sql)),
    )
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'rejected',
      'rejected',
    ])
    expect(await rows(bank, 'SELECT x FROM a')).toEqual([[7n], [8n]])
  })

  it('their own WHERE, by comments that look like one', async () => {
    const bank = await openBank()
    await bank.execute('DELETE FROM account /* only one */ WHERE id = 1 -- see issue 5 */')
    expect(await rows(bank, 'SELECT id FROM account')).toEqual([[2n]])
    expect(await rows(bank, "SELECT '/*' -- */")).toEqual([['/*']])
  })

  it('their kind, by having nothing to do the first time', async () => {
    const bank = await openBank()
    const drop = 'DROP TRIGGER IF EXISTS t'
    for (const expected of [0n, 1n, 0n]) {
      if (expected === 1n)
        await bank.execute('CREATE TRIGGER IF NOT EXISTS t AFTER INSERT ON account BEGIN DELETE FROM account; END')
      expect(await rows(bank, "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'")).toEqual([[expected]])
      const transaction = await bank.transaction()
      await transaction.execute(drop)
      await transaction.commit()
    }
  })
})

describe("a read at the moment of this process's own commit", () => {
  it('waits for it, and leaves no lock behind', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    await rows(bank, SUM)
    await nextTick()
    const slow = outsider(path)
    for (let i = 0; i < 5; i++) {
      const transaction = await bank.transaction()
      await transaction.execute('UPDATE account SET balance = balance + 1')
      slow.exec('BEGIN; SELECT 1 FROM account')
      const both = Promise.all([transaction.commit(), rows(bank, SUM), rows(bank, SUM)])
      await nextTick()
      await nextTick()
      slow.exec('ROLLBACK')
      await both
      await bank.execute('UPDATE account SET balance = balance')
    }
    expect(await rows(bank, SUM)).toEqual([[210n]])
  })

  it('is not kept waiting by a commit that waits for a deferred transaction', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    const deferred = await bank.transaction({ mode: 'deferred' })
    await deferred.execute(SUM)
    const write = bank.execute('UPDATE account SET balance = 1')
    for (let i = 0; i < 10; i++) await nextTick()
    expect(await rows(bank, SUM)).toEqual([[200n]])
    await deferred.commit()
    await write
  })

  it("that outlasts a commit's patience is named", async () => {
    const bank = await openBank({ timeoutMs: 50 })
    const deferred = await bank.transaction({ mode: 'deferred' })
    await deferred.execute(SUM)
    await expect(bank.execute('UPDATE account SET balance = 1')).rejects.toMatchObject({
      code: 'BUSY',
      message: expect.stringContaining('deferred transaction of this process') as string,
    })
    await deferred.rollback()
    expect(await rows(bank, SUM)).toEqual([[200n]])
  })
})

describe('what stands beside a database', () => {
  it('that was deleted, a hot journal, is not rolled into a new one', async () => {
    const path = scratchPath()
    await (await openBank({}, path)).close()
    await runChild('die-in-commit.ts', [path])
    rmSync(path)
    await expect(open(path).script('CREATE TABLE fresh (a)')).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('-journal') as string,
    })
    rmSync(`${path}-journal`)
    const fresh = open(path)
    await fresh.script('CREATE TABLE fresh (a)')
    expect(await check(fresh)).toEqual([])
  })

  it('that was replaced, is written after the connection noticed', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    await bank.execute('UPDATE account SET balance = 1')
    const elsewhere = scratchPath()
    const other = await openBank({}, elsewhere)
    await other.close()
    renameSync(elsewhere, path)
    await bank.execute('UPDATE account SET balance = balance + 5')
    expect(new Libsql(path).prepare(SUM).raw().all([])).toEqual([[210]])
  })
})

describe('foreign keys', () => {
  it('are on for the next write, though a script that had them off failed to begin', async () => {
    const leaser = new WatchedLeaser()
    const bank = await openBank({ leaser, maxHoldMs: 60_000 })
    await bank.script('CREATE TABLE card (id INTEGER PRIMARY KEY, account INTEGER REFERENCES account)')
    await nextTick()
    await nextTick()
    let begins = 0
    leaser.onLease = (lease) => {
      leaser.onLease = () => {}
      // Over after the first BEGIN.
      const { remainingMs } = lease
      lease.remainingMs = () => (begins++ < 1 ? remainingMs() : 0)
      leaser.acquire = () => Promise.reject(new LeaseError('UNREACHABLE', 'no network'))
    }
    await expect(bank.script('PRAGMA foreign_keys=OFF; DELETE FROM account')).rejects.toMatchObject({
      code: 'UNREACHABLE',
    })
    delete (leaser as Partial<WatchedLeaser>).acquire
    await expect(bank.execute('INSERT INTO card VALUES (1, 77)')).rejects.toMatchObject({
      details: { extendedCode: 787 },
    })
  })

  it('that a script breaks are noticed though it mends another', async () => {
    const bank = await openBank()
    await bank.script('CREATE TABLE card (id INTEGER PRIMARY KEY, account INTEGER REFERENCES account)')
    const stranger = outsider(bank.path)
    stranger.exec('PRAGMA foreign_keys=OFF; INSERT INTO card VALUES (1, 77)')
    await expect(
      bank.script('PRAGMA foreign_keys=OFF; DELETE FROM card; INSERT INTO card VALUES (2, 88)'),
    ).rejects.toMatchObject({ details: { extendedCode: 787 } })
  })

  it('that a script breaks are noticed in a table WITHOUT ROWID that had a broken one', async () => {
    const bank = await openBank()
    await bank.script(
      `CREATE TABLE card (id TEXT PRIMARY KEY, account INTEGER REFERENCES account) WITHOUT ROWID;
       INSERT INTO card VALUES ('one', 1), ('two', 2)`,
    )
    const stranger = outsider(bank.path)
    stranger.exec("PRAGMA foreign_keys=OFF; INSERT INTO card VALUES ('three', 77)")
    await expect(bank.script('PRAGMA foreign_keys=OFF; DELETE FROM account')).rejects.toMatchObject({
      details: { extendedCode: 787 },
    })
    await bank.script("PRAGMA foreign_keys=OFF; DELETE FROM card WHERE id = 'one'; DELETE FROM account WHERE id = 1")
    expect(await rows(bank, 'PRAGMA foreign_key_check')).toHaveLength(1)
  })
})

describe('a deferred transaction that begins with a write', () => {
  it('conflicts with nobody: it has read nothing', async () => {
    const bank = await openBank()
    await Promise.all(
      [1, 2, 3, 4, 5].map(async () => {
        const transaction = await bank.transaction({ mode: 'deferred' })
        await transaction.execute('UPDATE account SET balance = balance + 1')
        await transaction.commit()
      }),
    )
    expect(await rows(bank, SUM)).toEqual([[210n]])
  })
})
