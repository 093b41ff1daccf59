import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { LocalLeaser } from '@sqlite-efs/lease'
import Libsql from 'libsql'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Connection } from '../src/engine/connection.js'
import { CLOCK_FOR_TESTS } from '../src/file/options.js'
import { type Database, type DatabaseOptions, openDatabase } from '../src/index.js'
import { check, recover } from '../src/maintenance.js'
import { checkDatabaseOptions } from '../src/process/open-database.js'
import { ManualClock } from './support/manual-clock.js'
import { isLocked, outsider } from './support/outsider.js'
import { nextTick, open, openBank, rows, scratchFolder, scratchPath } from './support/scratch.js'

const leaser = new LocalLeaser()

describe('options that are refused, by name and value', () => {
  it.each([
    [{ path: 'app.db' }, /Option path must be .*absolute path.*"app.db"/],
    [{ path: '' }, /path/],
    [{ path: undefined }, /Option path must be .*got nothing/],
    [{ path: '/x\0y' }, /"\/x\\u0000y"/],
    [{ leaser: undefined }, /leaser/],
    [{ leaser: { acquire: () => {} } }, /leaser/],
    [{ leaseKey: '' }, /leaseKey/],
    [{ timeoutMs: Number.NaN }, /Option timeoutMs must be .*NaN/],
    [{ timeoutMs: -1 }, /Option timeoutMs must be .*-1/],
    [{ transactionTimeoutMs: '5' }, /Option transactionTimeoutMs must be .*"5"/],
    [{ maxHoldMs: 2 ** 31 }, /Option maxHoldMs must be .*2147483648/],
    [{ fencing: 'on' }, /Option fencing must be .*"on"/],
    [{ release: 'never' }, /Option release must be .*"never"/],
    [{ pragmas: { journal_mode: 'WAL' } }, /Option pragmas.journal_mode .*"WAL"/],
    [{ pragmas: { mmap_size: 1 } }, /pragmas.mmap_size/],
    [{ pragmas: { locking_mode: 'EXCLUSIVE' } }, /pragmas.locking_mode/],
    [{ pragmas: { auto_vacuum: 'INCREMENTAL' } }, /Option pragmas.auto_vacuum .*"INCREMENTAL".* VACUUM/],
    [{ pragmas: { incremental_vacuum: 5 } }, /pragmas.incremental_vacuum/],
    [{ pragmas: { default_cache_size: 5 } }, /pragmas.default_cache_size/],
    [{ pragmas: { synchronous: 'OFF' } }, /pragmas.synchronous/],
    [{ pragmas: { 'x; DROP TABLE y': 1 } }, /pragmas/],
    [{ pragmas: { cache_size: '1; DROP TABLE y' } }, /pragmas.cache_size/],
    [{ pragmas: { cache_size: Number.NaN } }, /pragmas.cache_size/],
  ])('%o', (options, message) => {
    const all = { path: '/tmp/x.db', leaser, ...options } as DatabaseOptions
    for (const check of [openDatabase, checkDatabaseOptions]) {
      expect(() => check(all)).toThrow(message)
      expect(() => check(all)).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }))
    }
  })
})

describe('files that are refused, before anything is written', () => {
  it('a folder', async () => {
    const folder = scratchFolder()
    await expect(rows(open(folder), 'SELECT 1')).rejects.toMatchObject({ code: 'CONFIGURATION' })
    expect(readdirSync(dirname(folder))).not.toContain(`${folder}-journal`)
  })

  it('a file in a folder that is not there', async () => {
    await expect(rows(open('/nowhere/at/all/app.db'), 'SELECT 1')).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('/nowhere/at/all') as string,
    })
  })

  it.each(['hello', 'x'.repeat(10_000)])('a file that is no database', async (content) => {
    const path = scratchPath()
    writeFileSync(path, content)
    for (const sql of ['SELECT 1', 'CREATE TABLE a (b)']) {
      await expect(open(path).execute(sql)).rejects.toMatchObject({
        code: 'CONFIGURATION',
        message: expect.stringContaining('not a SQLite database') as string,
      })
    }
    await expect(open(path).script('CREATE TABLE a (b)')).rejects.toMatchObject({ code: 'CONFIGURATION' })
    expect(readFileSync(path, 'utf8')).toBe(content)
    expect(readdirSync(dirname(path))).toEqual(['app.db'])
  })

  it('a file in WAL mode, which stays in it', async () => {
    const path = scratchPath()
    const libsql = new Libsql(path)
    onTestFinished(() => void libsql.close())
    libsql.exec('PRAGMA journal_mode=WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)')
    const before = readdirSync(dirname(path)).toSorted()
    for (const attempt of [
      () => open(path).execute('SELECT * FROM t'),
      () => open(path).script('DROP TABLE t'),
      () => open(path).transaction(),
    ]) {
      await expect(attempt()).rejects.toMatchObject({
        code: 'CONFIGURATION',
        message: expect.stringContaining('WAL') as string,
      })
    }
    expect(readdirSync(dirname(path)).toSorted()).toEqual(before)
    expect(libsql.prepare('SELECT count(*) FROM t').raw().all([])).toEqual([[1]])
  })
})

describe('a file that is not there', () => {
  it.each([
    ['a read', (path: string) => open(path).execute('SELECT 1')],
    ['a write of rows', (path: string) => open(path).execute('INSERT INTO t VALUES (1)')],
    ['a transaction', (path: string) => open(path).transaction()],
    ['a deferred transaction', (path: string) => open(path).transaction({ mode: 'deferred' })],
    ['a recovery', (path: string) => recover(open(path))],
    ['a check', (path: string) => check(open(path))],
  ])('is not made by %s', async (_, attempt) => {
    const path = scratchPath()
    await expect(attempt(path)).rejects.toMatchObject({ code: 'NOT_FOUND', details: { path } })
    expect(readdirSync(dirname(path))).toEqual([])
  })

  it('is made by the first definition, and by one of two at once', async () => {
    const path = scratchPath()
    await open(path).execute('CREATE TABLE a (b)')
    expect(await rows(open(path), 'SELECT * FROM a')).toEqual([])
    expect(readdirSync(dirname(path)).toSorted()).toEqual(['app.db', 'app.db-journal'])
  })
})

describe('one process', () => {
  it('has one place in the line for a file, by whatever name it is reached', async () => {
    const path = scratchPath()
    const link = join(scratchFolder(), 'link')
    symlinkSync(dirname(path), link)
    const one = await openBank({}, path)
    const other = open(join(link, 'app.db'))
    expect(other.path).toBe(one.path)
    const transaction = await one.transaction()
    const second = other.transaction()
    await transaction.commit()
    await (await second).rollback()
    await one.close()
    expect(await rows(other, 'SELECT count(*) FROM account')).toEqual([[2n]])
  })

  it.each([{ fencing: 'off' }, { leaseKey: 'other' }, { maxHoldMs: 1 }, { pragmas: { cache_size: 10 } }] as const)(
    'can not use one file with two minds: %o',
    async (options) => {
      const path = scratchPath()
      await openBank({}, path)
      expect(() => openDatabase({ path, leaser, ...options })).toThrow(
        expect.objectContaining({
          code: 'CONFIGURATION',
          message: expect.stringContaining(Object.keys(options)[0] ?? '') as string,
        }),
      )
    },
  )

  it('has nothing open after close, and says so', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    const pending = bank.execute('UPDATE account SET balance = 5')
    await bank.close()
    await pending
    expect(isLocked(outsider(path))).toBe(false)
    await expect(bank.execute('SELECT 1')).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(bank.transaction()).rejects.toMatchObject({ code: 'CLOSED' })
    await bank.close()
  })

  it('ends by itself when it has nothing more to do, closed or not', () => {
    const path = scratchPath()
    const program = `
      import { openDatabase } from '@sqlite-efs/database'
      import { LocalLeaser } from '@sqlite-efs/lease'
      const database = openDatabase({ path: ${JSON.stringify(path)}, leaser: new LocalLeaser() })
      await database.script('CREATE TABLE t (a)')
      await database.execute('INSERT INTO t VALUES (1)')
      const memory = openDatabase({ path: ':memory:', leaser: new LocalLeaser() })
      await memory.script('CREATE TABLE t (a)')
      console.log(memory.path)`
    const output = execFileSync(
      process.execPath,
      ['--conditions=@sqlite-efs/source', '--import', 'tsx', '--input-type=module', '-e', program],
      {
        cwd: import.meta.dirname,
        encoding: 'utf8',
        timeout: 30_000,
      },
    )
    expect(output).toContain('memory.db')
    expect(existsSync(dirname(output.trim()))).toBe(false)
  })
})

describe(':memory:', () => {
  it('is there at once, private, and gone after close', async () => {
    const one = open(':memory:')
    const two = open(':memory:')
    expect(await rows(one, 'SELECT count(*) FROM sqlite_schema')).toEqual([[0n]])
    await one.script('CREATE TABLE t (a)')
    const transaction = await one.transaction()
    await transaction.execute('INSERT INTO t VALUES (1)')
    await transaction.commit()
    expect(await rows(one, 'SELECT a FROM t')).toEqual([[1n]])
    expect(await rows(two, 'SELECT count(*) FROM sqlite_schema')).toEqual([[0n]])
    await one.close()
    expect(existsSync(one.path)).toBe(false)
  })
})

/** A bank whose first account has a card, which goes with it. */
async function bankWithCard() {
  const bank = await openBank()
  await bank.script(
    'CREATE TABLE card (id INTEGER PRIMARY KEY, account INTEGER REFERENCES account ON DELETE CASCADE); INSERT INTO card VALUES (1, 1)',
  )
  return bank
}

/** As Prisma rebuilds a table. */
const REBUILD = `
  CREATE TABLE new_account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
  INSERT INTO new_account SELECT id, balance FROM account;
  DROP TABLE account; ALTER TABLE new_account RENAME TO account`

describe('a script', () => {
  it('is all or nothing, and names the statement that failed', async () => {
    const bank = await openBank()
    await expect(
      bank.script('CREATE TABLE a (b); UPDATE account SET balance = 0; INSERT INTO nowhere VALUES (1)'),
    ).rejects.toThrow(/nowhere.*statement 3 of 3/)
    expect(
      await rows(bank, "SELECT sum(balance), (SELECT count(*) FROM sqlite_schema WHERE name = 'a') FROM account"),
    ).toEqual([[200n, 0n]])
  })

  it('that rebuilds a table with foreign keys off cascades nothing, and has them on again after it', async () => {
    const bank = await openBank()
    await bank.script(
      'CREATE TABLE card (id INTEGER PRIMARY KEY, account INTEGER REFERENCES account ON DELETE CASCADE); INSERT INTO card VALUES (1, 1)',
    )
    await bank.script(`
      PRAGMA defer_foreign_keys=ON; PRAGMA foreign_keys=OFF;
      CREATE TABLE new_account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL, owner TEXT);
      INSERT INTO new_account (id, balance) SELECT id, balance FROM account;
      DROP TABLE account; ALTER TABLE new_account RENAME TO account;
      PRAGMA foreign_keys=ON; PRAGMA defer_foreign_keys=OFF`)
    expect(await rows(bank, 'SELECT count(*) FROM card')).toEqual([[1n]])
    await expect(bank.execute('INSERT INTO card VALUES (2, 77)')).rejects.toMatchObject({
      details: { extendedCode: 787 },
    })
  })

  it.each([
    'PRAGMA foreign_keys=OFF',
    "PRAGMA foreign_keys='off'",
    'PRAGMA foreign_keys="Off"',
    'PRAGMA foreign_keys = `no`',
    'PRAGMA foreign_keys(false)',
    'PRAGMA "foreign_keys"=off',
    "PRAGMA 'foreign_keys' = 0",
    'PRAGMA [main].foreign_keys=0',
    'PRAGMA "main" . /* all of them */ [foreign_keys] (\'OFF\')',
  ])('that rebuilds a table after %s cascades nothing', async (off) => {
    const bank = await bankWithCard()
    await bank.script(`${off}; ${REBUILD}`)
    expect(await rows(bank, 'SELECT count(*) FROM card')).toEqual([[1n]])
  })

  it.each(['-0', '00', '0.0', '0x0', "''", 'perhaps', '(off', '0 0'])(
    'that sets foreign_keys to %s, which may be neither, is not run',
    async (value) => {
      const bank = await bankWithCard()
      await expect(bank.script(`${REBUILD}; PRAGMA foreign_keys=${value}`)).rejects.toMatchObject({
        code: 'STATEMENT_REFUSED',
        message: expect.stringContaining('say ON or OFF') as string,
      })
      expect(await rows(bank, 'SELECT count(*) FROM card')).toEqual([[1n]])
    },
  )

  it('that would leave rows that point nowhere is undone', async () => {
    const bank = await openBank()
    await bank.script(
      'CREATE TABLE card (id INTEGER PRIMARY KEY, account INTEGER REFERENCES account); INSERT INTO card VALUES (1, 1)',
    )
    await expect(
      bank.script('PRAGMA foreign_keys=OFF; DELETE FROM account; PRAGMA foreign_keys=ON'),
    ).rejects.toMatchObject({ details: { extendedCode: 787 } })
    expect(await rows(bank, 'SELECT count(*) FROM account')).toEqual([[2n]])
  })

  it.each([
    'BEGIN; CREATE TABLE a (b); COMMIT',
    "ATTACH 'x' AS y; CREATE TABLE y.a (b)",
    'CREATE TABLE a (b); PRAGMA journal_mode=WAL',
  ])('is refused before anything is run: %s', async (script) => {
    const bank = await openBank()
    await expect(bank.script(script)).rejects.toMatchObject({ code: 'STATEMENT_REFUSED' })
    expect(await rows(bank, "SELECT count(*) FROM sqlite_schema WHERE name = 'a'")).toEqual([[0n]])
  })
})

describe('after a freeze', () => {
  it('the connections of before are thrown away: their locks may be gone and their pages stale', async () => {
    const clock = new ManualClock()
    const path = scratchPath()
    const bank = await openBank({ leaser: new LocalLeaser({ clock }), [CLOCK_FOR_TESTS]: clock } as object, path)
    await bank.execute('UPDATE account SET balance = 1')
    // Another file under the same name tells old connections from new ones.
    const elsewhere = scratchPath()
    const other = await openBank({}, elsewhere)
    await other.execute('UPDATE account SET balance = 50')
    await other.close()
    renameSync(elsewhere, path)
    expect(await rows(bank, 'SELECT sum(balance) FROM account')).toEqual([[2n]])
    await nextTick()
    clock.freeze(60_000)
    expect(await rows(bank, 'SELECT sum(balance) FROM account')).toEqual([[100n]])
    clock.freeze(60_000)
    await bank.execute('UPDATE account SET balance = balance + 1')
    await bank.close()
    expect(await rows(open(path), 'SELECT sum(balance) FROM account')).toEqual([[102n]])
  })

  const used = (bank: Database, clock: ManualClock) => {
    const exec = vi.spyOn(Connection.prototype, 'exec')
    onTestFinished(() => exec.mockRestore())
    return {
      /** Freezes the process, and has a read notice it. */
      async freeze() {
        await nextTick()
        clock.freeze(2_000)
        await rows(bank, 'SELECT * FROM account')
      },
      /** The connection on which the last transaction was begun. */
      connection: (begin: string) => exec.mock.contexts.findLast((_, n) => exec.mock.calls[n]?.[0].startsWith(begin)),
    }
  }

  it.each(['commit', 'rollback'] as const)(
    'a transaction keeps its connection, which nobody uses after its %s',
    async (end) => {
      const clock = new ManualClock()
      const bank = await openBank({ leaser: new LocalLeaser({ clock }), [CLOCK_FOR_TESTS]: clock } as object)
      const { freeze, connection } = used(bank, clock)
      const transaction = await bank.transaction()
      await transaction.execute('UPDATE account SET balance = 7')
      const before = connection('BEGIN IMMEDIATE')
      await freeze()
      await transaction.execute('UPDATE account SET balance = balance + 1')
      await transaction[end]()
      await bank.execute('UPDATE account SET balance = balance + 1')
      expect(connection('BEGIN IMMEDIATE')).not.toBe(before)
      expect(await rows(bank, 'SELECT sum(balance) FROM account')).toEqual([[end === 'commit' ? 18n : 202n]])
    },
  )

  it.each([
    ['only reads', 'SELECT * FROM account'],
    ['writes at last', 'UPDATE account SET balance = 7'],
  ])('nobody uses the connection of a deferred transaction that %s', async (_, sql) => {
    const clock = new ManualClock()
    const bank = await openBank({ leaser: new LocalLeaser({ clock }), [CLOCK_FOR_TESTS]: clock } as object)
    const { freeze, connection } = used(bank, clock)
    const transaction = await bank.transaction({ mode: 'deferred' })
    await transaction.execute('SELECT * FROM account')
    const before = connection('BEGIN; SELECT')
    await freeze()
    await transaction.execute(sql)
    await transaction.commit()
    await (await bank.transaction({ mode: 'deferred' })).commit()
    expect(connection('BEGIN; SELECT')).not.toBe(before)
  })
})
