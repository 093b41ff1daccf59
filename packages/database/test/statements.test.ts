import { describe, expect, it } from 'vitest'
import { DatabaseError } from '../src/index.js'
import { check } from '../src/maintenance.js'
import { leaserThatIsNeverAsked } from './support/leasers.js'
import { outsider } from './support/outsider.js'
import { open, openBank, rows, scratchPath } from './support/scratch.js'

describe('what is a read', () => {
  it.each([
    'SELECT * FROM account',
    'WITH a AS (SELECT 1) SELECT * FROM a',
    'VALUES (1)',
    'EXPLAIN UPDATE account SET balance = 0',
    'EXPLAIN QUERY PLAN DELETE FROM account',
    'PRAGMA table_info(account)',
    'PRAGMA main.table_info("account")',
    'PRAGMA journal_mode',
    'PRAGMA integrity_check',
    "SELECT * FROM pragma_table_info('account')",
    '/* DELETE */ SELECT 1; -- and that is all',
  ])('%s never touches the lease', async (sql) => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    await bank.close()
    const reader = open(path, { leaser: leaserThatIsNeverAsked() })
    await expect(reader.execute(sql)).resolves.toMatchObject({ changes: 0 })
  })
})

describe('what is a write', () => {
  it.each([
    ['INSERT INTO account VALUES (3, 1) RETURNING id', 1],
    ['WITH a AS (SELECT 5) UPDATE account SET balance = 7', 2],
    ['REPLACE INTO account VALUES (1, 3)', 1],
    ['DELETE FROM account WHERE id = 1', 1],
    ['CREATE INDEX i ON account (balance)', 0],
    ['CREATE TABLE temp (a)', 0],
    ['ANALYZE', 0],
    ['PRAGMA optimize', 0],
  ])('%s is committed under the lease', async (sql, changes) => {
    const bank = await openBank()
    await expect(bank.execute(sql)).resolves.toMatchObject({ changes })
    expect(await check(bank)).toEqual([])
  })
})

describe('what is refused, before anything is written', () => {
  it.each([
    ['BEGIN', '$transaction'],
    ['  /* x */ begin immediate', '$transaction'],
    ['COMMIT', '$transaction'],
    ['END', '$transaction'],
    ['ROLLBACK', '$transaction'],
    ['SAVEPOINT a', '$transaction'],
    ['RELEASE a', '$transaction'],
    ["ATTACH 'x.db' AS x", 'second database'],
    ['DETACH x', 'second database'],
    ['VACUUM', 'vacuum()'],
    ["VACUUM INTO 'x'", 'sqlite-efs snapshot'],
    ["VACUUM main INTO 'x'", 'snapshot()'],
    ['PRAGMA main.journal_mode = DELETE', 'pragmas'],
    ['PRAGMA "locking_mode"(EXCLUSIVE)', 'pragmas'],
    ['PRAGMA mmap_size=1000000', 'pragmas'],
    ['PRAGMA user_version=7', 'pragmas'],
    ['PRAGMA application_id=7', 'pragmas'],
    ['PRAGMA foreign_keys=OFF', 'pragmas'],
    ['PRAGMA defer_foreign_keys=ON', 'first statement of the transaction'],
    ['PRAGMA foreign_kyes=ON', 'SQLite has no PRAGMA foreign_kyes'],
    ['PRAGMA synchronous=NORMAL', 'pragmas'],
    ['PRAGMA journal_mode=WAL', 'pragmas'],
    ['PRAGMA rekey', 'SQLite has no PRAGMA rekey'],
    ["PRAGMA main.key = 'secret'", 'SQLite has no PRAGMA key'],
    ["PRAGMA hexrekey('00')", 'SQLite has no PRAGMA hexrekey'],
    ['PRAGMA cipher', 'SQLite has no PRAGMA cipher'],
    ["PRAGMA temp_store_directory='/'", 'temp_store_directory'],
    ['SELECT $a(/*), ?1 --*/', 'use ?'],
    ['SELECT $a::b', 'use ?'],
    // To SQLite these are parts of the name, to JavaScript a space, a sign and a mark.
    ['SELECT $a\u00A0(/*), ?1 --*/)', 'use ?'],
    ['SELECT :a\u{1F600}(/*), ?1 --*/)', 'use ?'],
    ['SELECT @e\u0301(/*), ?1 --*/)', 'use ?'],
    ['PRAGMA wal_checkpoint', 'leased file'],
    ['EXPLAIN PRAGMA main.locking_mode=EXCLUSIVE', 'explained or not'],
    ['explain query /**/ plan PRAGMA cache_size=1', 'explained or not'],
    ['CREATE TEMP TABLE x (a)', 'ordinary table'],
    ['CREATE TABLE temp.x (a)', 'ordinary table'],
    ['create view if not exists "temp" . x AS SELECT 1', 'ordinary table'],
    ['SELECT 1; DELETE FROM account', 'more than one statement'],
    ['', 'empty'],
    ['-- nothing', 'empty'],
  ])('%j', async (sql, wayOut) => {
    const bank = await openBank()
    const refusal = { code: 'STATEMENT_REFUSED', message: expect.stringContaining(wayOut) as string }
    await expect(bank.execute(sql)).rejects.toMatchObject(refusal)
    if (!sql.includes('defer_foreign_keys')) {
      const transaction = await bank.transaction()
      await expect(transaction.execute(sql)).rejects.toMatchObject(refusal)
      await transaction.rollback()
    }
    expect(await rows(bank, 'SELECT sum(balance) FROM account')).toEqual([[200n]])
  })

  it.each([
    [[true], /Parameter 1: a boolean/],
    [[1, undefined], /Parameter 2: a undefined/],
    [[Number.NaN], /NaN/],
    [[2n ** 63n], /64 bits/],
    [[new Date()], /a Date/],
    [[{}], /a object/],
  ])('the arguments %o', async (args, message) => {
    const bank = await openBank()
    const attempt = bank.execute('UPDATE account SET balance = ?', args as never)
    await expect(attempt).rejects.toThrow(message)
    await expect(attempt).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})

describe('errors of SQLite', () => {
  it.each([
    ['INSERT INTO account VALUES (1, 1)', 1555],
    ['INSERT INTO account VALUES (9, NULL)', 1299],
    ['INSERT INTO account VALUES (9, -1)', 275],
    ['SELECT * FROM nowhere', 1],
    ['SELEC', 1],
  ])('%s keeps its extended code', async (sql, extendedCode) => {
    const bank = await openBank()
    await expect(bank.execute(sql)).rejects.toMatchObject({ code: 'SQLITE', details: { extendedCode } })
    await expect(bank.execute(sql)).rejects.toBeInstanceOf(DatabaseError)
  })
})

describe('values', () => {
  it('come back as they went in', async () => {
    const bank = await openBank()
    const values = [null, 1.5, 2n ** 63n - 1n, -(2n ** 63n), 'ü🎟', new Uint8Array([0, 255])]
    const { rows } = await bank.execute('SELECT ?, ?, ?, ?, ?, ?', values)
    expect(rows[0]?.slice(0, 5)).toEqual(values.slice(0, 5))
    expect(new Uint8Array(rows[0]?.[5] as Uint8Array)).toEqual(values[5])
  })

  it.each(['alone', 'in a deferred transaction'])(
    'are those that were given, whatever becomes of them while a write waits, %s',
    async (where) => {
      const bank = await openBank()
      await bank.execute('CREATE TABLE entry (data, n)')
      const transaction = where === 'alone' ? undefined : await bank.transaction({ mode: 'deferred' })
      const data = Buffer.from('given')
      const values = [data, 1n]
      const writing = (transaction ?? bank).execute('INSERT INTO entry VALUES (?, ?)', values)
      data.write('later')
      values[1] = 2n
      await writing
      await transaction?.commit()
      expect(await rows(bank, 'SELECT CAST(data AS TEXT), n FROM entry')).toEqual([['given', 1n]])
    },
  )

  it('have the columns of the schema as it is now, not as it was when the statement was prepared', async () => {
    const bank = await openBank()
    const sql = 'SELECT * FROM account WHERE id = 1'
    expect((await bank.execute(sql)).columns).toHaveLength(2)
    await bank.execute('ALTER TABLE account ADD COLUMN owner TEXT')
    expect(await bank.execute(sql)).toMatchObject({
      columns: [{ name: 'id' }, { name: 'balance' }, { name: 'owner', declaredType: 'TEXT' }],
      rows: [[1n, 100n, null]],
    })
  })

  it('have the right columns after a definition was rolled back', async () => {
    const bank = await openBank()
    const transaction = await bank.transaction()
    await transaction.savepoint('s')
    await transaction.execute('ALTER TABLE account ADD COLUMN owner TEXT')
    expect((await transaction.execute('SELECT * FROM account')).columns).toHaveLength(3)
    await transaction.rollbackTo('s')
    expect((await transaction.execute('SELECT * FROM account')).columns).toHaveLength(2)
    await transaction.rollback()
    const next = await bank.transaction()
    expect((await next.execute('SELECT * FROM account')).columns).toHaveLength(2)
    await next.rollback()
  })

  it('a PRAGMA that takes many steps takes all of them, and leaves nothing open', async () => {
    const path = scratchPath()
    outsider(path).exec(
      `PRAGMA auto_vacuum=INCREMENTAL; CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(400000)); DELETE FROM t`,
    )
    const database = open(path)
    const [[before] = []] = await rows(database, 'PRAGMA freelist_count')
    await database.execute('PRAGMA incremental_vacuum(30)')
    const transaction = await database.transaction()
    await transaction.execute('PRAGMA incremental_vacuum(10)')
    await transaction.commit()
    expect(await rows(database, 'PRAGMA freelist_count')).toEqual([[BigInt(Number(before) - 40)]])
  })

  it('an explained write leaves nothing open: the transaction can still be committed', async () => {
    const bank = await openBank()
    const transaction = await bank.transaction()
    await transaction.execute('EXPLAIN UPDATE account SET balance = 1')
    await transaction.execute('UPDATE account SET balance = 1')
    await transaction.savepoint('s')
    await transaction.commit()
    expect(await rows(bank, 'SELECT sum(balance) FROM account')).toEqual([[2n]])
  })
})

describe('values that are given for parameters', () => {
  it.each([
    ['too few', 'INSERT INTO note VALUES (?, ?)', [2n]],
    ['too few for numbered ones', 'INSERT INTO note VALUES (?1, ?3)', [2n, 'x']],
    ['too few for named ones', 'INSERT INTO note VALUES (:id, $text)', [2n]],
    ['none at all', 'INSERT INTO note VALUES (?, ?)', []],
    ['too many', 'INSERT INTO note VALUES (?, ?)', [2n, 'x', 'y']],
  ])('and are %s are refused: what is missing would be what somebody else gave before', async (_, sql, args) => {
    const bank = await openBank()
    await bank.script('CREATE TABLE note (id, text)')
    await bank.execute('INSERT INTO note VALUES (?, ?)', [1n, 'secret of somebody else'])
    const refused = { code: 'INVALID_ARGUMENT', message: expect.stringContaining('values were given') as string }
    await expect(bank.execute(sql, args)).rejects.toMatchObject(refused)
    const transaction = await bank.transaction()
    await expect(transaction.execute(sql, args)).rejects.toMatchObject(refused)
    await transaction.rollback()
    expect(await rows(bank, 'SELECT count(*) FROM note')).toEqual([[1n]])
  })

  it('and are as many as there are parameters are taken, however these are written', async () => {
    const bank = await openBank()
    const all = await bank.execute(`SELECT ?, ?, :a, @a, $a, :a, '?', "?" /* ? */ FROM (SELECT 1 AS "?") -- ?`, [
      1n,
      2n,
      3n,
      4n,
      5n,
    ])
    expect(all.rows).toEqual([[1n, 2n, 3n, 4n, 5n, 3n, '?', 1n]])
    expect((await bank.execute('SELECT ?2, ?, ?1', [1n, 2n, 3n])).rows).toEqual([[2n, 3n, 1n]])
  })
})

describe('a statement with a NUL in it', () => {
  it.each(['DELETE FROM account \0 WHERE id = 1', 'SELECT 1 \0; DELETE FROM account', 'DELETE FROM account\0'])(
    'is refused, for SQLite would run what stands before it: %j',
    async (sql) => {
      const bank = await openBank()
      const refused = { code: 'STATEMENT_REFUSED', message: expect.stringContaining('NUL') as string }
      await expect(bank.execute(sql)).rejects.toMatchObject(refused)
      await expect(bank.script(sql)).rejects.toMatchObject(refused)
      expect(await rows(bank, 'SELECT count(*) FROM account')).toEqual([[2n]])
    },
  )
})
