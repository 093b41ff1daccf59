import { openSync, readSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CLOCK_FOR_TESTS } from '../src/file/options.js'
import type { Database, SqlValue } from '../src/index.js'
import { check } from '../src/maintenance.js'
import { WatchedLeaser } from './support/leasers.js'
import { ManualClock } from './support/manual-clock.js'
import { isLocked, outsider } from './support/outsider.js'
import { nextTick, openBank, rows, scratchPath } from './support/scratch.js'

/** How often the file was committed to: https://www.sqlite.org/fileformat2.html#file_change_counter */
function commits(path: string): number {
  const header = Buffer.alloc(4)
  // Never closed: that would drop the locks of this process.
  readSync(openSync(path, 'r'), header, 0, 4, 24)
  return header.readUInt32BE()
}

/** What came of writes that were sent at once, one after the other on a connection of its own, or together. */
async function outcomes(writes: string[], send: (sql: string) => Promise<unknown>): Promise<string[]> {
  const settled = await Promise.allSettled(writes.map(send))
  return settled.map((it) =>
    it.status === 'fulfilled'
      ? 'done'
      : (/[A-Z]+(?: KEY)? constraint failed/.exec(String(it.reason))?.[0] ?? String(it.reason)),
  )
}

/** Sends the writes at once to ours, and one by one to plain SQLite: both must come out the same. */
async function expectAsIfAlone(writes: string[], schema = ''): Promise<{ bank: Database; result: string[] }> {
  const bank = await openBank()
  if (schema) await bank.script(schema)
  const alone = outsider(scratchPath())
  alone.exec(
    `CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL CHECK (balance >= 0)); INSERT INTO account VALUES (1, 100), (2, 100); ${schema}`,
  )
  const result = await outcomes(writes, (sql) => bank.execute(sql))
  expect(result).toEqual(await outcomes(writes, async (sql) => alone.exec(sql)))
  const tables = alone
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .raw()
    .all([]) as [string][]
  for (const [table] of tables) {
    const expected = alone.prepare(`SELECT * FROM "${table}" ORDER BY 1`).raw().safeIntegers().all([]) as SqlValue[][]
    expect(await rows(bank, `SELECT * FROM "${table}" ORDER BY 1`)).toEqual(expected)
  }
  expect(await check(bank)).toEqual([])
  return { bank, result }
}

describe('writes that wait together', () => {
  it('share one COMMIT, and each gets its own result', async () => {
    const path = scratchPath()
    // A clock that stands still: the group is not over its time.
    const bank = await openBank({ [CLOCK_FOR_TESTS]: new ManualClock() } as object, path)
    const before = commits(path)
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        bank.execute('INSERT INTO account VALUES (?, ?) RETURNING id', [BigInt(10 + i), 1]),
      ),
    )
    expect(commits(path) - before).toBe(1)
    expect(results.map(({ rows }) => rows[0]?.[0])).toEqual(Array.from({ length: 10 }, (_, i) => BigInt(10 + i)))
  })

  it('need one lease, and are done in the order in which they were sent', async () => {
    const leaser = new WatchedLeaser()
    const bank = await openBank({ leaser })
    leaser.log.length = 0
    await bank.script('CREATE TABLE log (id INTEGER PRIMARY KEY, n INTEGER)')
    await Promise.all(Array.from({ length: 50 }, (_, i) => bank.execute('INSERT INTO log (n) VALUES (?)', [BigInt(i)])))
    expect(await rows(bank, 'SELECT n FROM log ORDER BY id')).toEqual(Array.from({ length: 50 }, (_, i) => [BigInt(i)]))
    expect(leaser.log.filter((entry) => entry === 'acquire').length).toBeLessThanOrEqual(2)
  })

  it('are not acknowledged before they are on disk', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    const reader = outsider(path)
    const probe = outsider(path)
    reader.exec('BEGIN; SELECT 1 FROM account')
    let acknowledged = false
    const write = bank.execute('UPDATE account SET balance = 1').then(() => {
      acknowledged = true
    })
    // The reader keeps COMMIT waiting; the writer waits without blocking this process.
    while (!hasPendingCommit(probe)) await new Promise((resolve) => setImmediate(resolve))
    expect(acknowledged).toBe(false)
    reader.exec('ROLLBACK')
    await write
    expect(await rows(bank, 'SELECT sum(balance) FROM account')).toEqual([[2n]])
  })

  it('fail alone: one that breaks a constraint takes nobody along', async () => {
    const { result } = await expectAsIfAlone([
      'INSERT INTO account VALUES (3, 1)',
      'INSERT INTO account VALUES (1, 1)',
      'INSERT INTO account VALUES (4, -1)',
      'INSERT INTO account VALUES (5, 1)',
    ])
    expect(result).toEqual(['done', 'UNIQUE constraint failed', 'CHECK constraint failed', 'done'])
  })

  it('survive one that ends the whole transaction (INSERT OR ROLLBACK)', async () => {
    const { result } = await expectAsIfAlone([
      'INSERT INTO account VALUES (3, 1)',
      'INSERT OR ROLLBACK INTO account VALUES (1, 1)',
      'INSERT INTO account VALUES (4, 1)',
      'INSERT INTO account VALUES (3, 2)',
    ])
    expect(result).toEqual(['done', 'UNIQUE constraint failed', 'done', 'UNIQUE constraint failed'])
  })

  it('survive a trigger that ends the whole transaction', async () => {
    await expectAsIfAlone(
      ['INSERT INTO account VALUES (3, 1)', 'INSERT INTO account VALUES (4, 13)', 'INSERT INTO account VALUES (5, 1)'],
      "CREATE TRIGGER unlucky AFTER INSERT ON account WHEN new.balance = 13 BEGIN SELECT RAISE(ROLLBACK, 'CHECK constraint failed'); END",
    )
  })

  it('keep what OR FAIL did before it failed, as it is kept alone', async () => {
    const { bank } = await expectAsIfAlone([
      'INSERT INTO account VALUES (3, 1)',
      'INSERT OR FAIL INTO account VALUES (6, 6), (7, 7), (1, 1), (8, 8)',
      'INSERT INTO account VALUES (4, 1)',
    ])
    expect(await rows(bank, 'SELECT count(*) FROM account')).toEqual([[6n]])
  })

  it('keep what OR FAIL did when it runs alone, too', async () => {
    await expectAsIfAlone(['INSERT OR FAIL INTO account VALUES (6, 6), (1, 1), (8, 8)'])
  })

  it.each([
    ['satisfy', ['INSERT INTO card VALUES (1, 9)', 'INSERT INTO account VALUES (9, 1)']],
    [
      'break',
      ['INSERT INTO account VALUES (9, 1)', 'INSERT INTO card VALUES (2, 9)', 'DELETE FROM account WHERE id = 9'],
    ],
  ])("do not %s one another's deferred foreign keys", async (_, writes) => {
    const { result } = await expectAsIfAlone(
      writes,
      'CREATE TABLE card (id INTEGER PRIMARY KEY, account INTEGER REFERENCES account (id) DEFERRABLE /* , */ INITIALLY\nDEFERRED)',
    )
    expect(result).toContain('FOREIGN KEY constraint failed')
  })

  it('leave changes() and last_insert_rowid() to triggers: for a statement they would tell of another caller', async () => {
    const { bank, result } = await expectAsIfAlone(
      [
        "INSERT INTO log VALUES (1, 'three'), (2, 'rows'), (3, 'here')",
        'INSERT INTO account VALUES (9, 0)',
        "INSERT INTO log VALUES (1, 'fails')",
        'UPDATE account SET balance = 1 WHERE id IN (1, 2)',
      ],
      `CREATE TABLE log (id INTEGER PRIMARY KEY, what);
       CREATE TRIGGER added AFTER INSERT ON account BEGIN INSERT INTO log VALUES (20, last_insert_rowid()); END;
       CREATE TRIGGER changed AFTER UPDATE ON account WHEN new.id = 2 BEGIN INSERT INTO log VALUES (30, changes()); END`,
    )
    expect(result).toEqual(['done', 'done', 'UNIQUE constraint failed', 'done'])
    const writes = ['INSERT INTO log VALUES (40, changes())', 'INSERT INTO log SELECT 50, last_insert_rowid()']
    const sent = await Promise.allSettled(["UPDATE log SET what = ''", ...writes].map((sql) => bank.execute(sql)))
    expect(sent).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'STATEMENT_REFUSED' } },
      { status: 'rejected', reason: { code: 'STATEMENT_REFUSED' } },
    ])
    expect(await rows(bank, 'SELECT count(*) FROM log WHERE id >= 40')).toEqual([[0n]])
  })

  it('may define what the next one needs', async () => {
    await expectAsIfAlone(['CREATE TABLE late (a)', 'INSERT INTO late VALUES (1)', 'DROP TABLE late'])
  })

  it('are all told when the lease is lost before their COMMIT, and none of them is in the file', async () => {
    const leaser = new WatchedLeaser()
    const bank = await openBank({ leaser })
    let leases = 0
    leaser.onLease = (lease) => {
      if (leases++ > 0) return
      // Alive when the transaction begins, and over when it is to be committed.
      let calls = 0
      lease.remainingMs = () => (calls++ === 0 ? lease.ttlMs : 0)
      lease.renew = () => Promise.reject(new Error('somebody swept it'))
    }
    await nextTick()
    await nextTick()
    const results = await Promise.allSettled(
      [1, 2, 3].map((id) => bank.execute(`INSERT INTO account VALUES (${id + 10}, 1)`)),
    )
    expect(results).toMatchObject([1, 2, 3].map(() => ({ status: 'rejected', reason: { code: 'WRITE_CONFLICT' } })))
    expect(await rows(bank, 'SELECT count(*) FROM account')).toEqual([[2n]])
    await bank.execute('INSERT INTO account VALUES (11, 1)')
    expect(await rows(bank, 'SELECT count(*) FROM account')).toEqual([[3n]])
  })
})

/** Whether a writer waits for readers to end: then nobody new may read. */
function hasPendingCommit(probe: ReturnType<typeof outsider>): boolean {
  try {
    probe.exec('BEGIN; SELECT 1 FROM account')
    return false
  } catch {
    return true
  } finally {
    if (probe.inTransaction) probe.exec('ROLLBACK')
  }
}

describe('a process that is done', () => {
  it('holds no lock on the file', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    await Promise.allSettled([
      bank.execute('INSERT INTO account VALUES (1, 1)'),
      bank.execute('UPDATE account SET balance = 3'),
    ])
    await rows(bank, 'SELECT * FROM account')
    await new Promise((resolve) => setImmediate(resolve))
    expect(isLocked(outsider(path))).toBe(false)
  })
})
