import { describe, expect, it } from 'vitest'
import { outsider } from './support/outsider.js'
import { open, openBank, rows, scratchPath } from './support/scratch.js'

const REFUSED = {
  code: 'STATEMENT_REFUSED',
  message: expect.stringMatching(/another caller.*RETURNING.*\$transaction/s) as string,
}

describe('a function that tells of the last change of a connection', () => {
  it.each([
    'SELECT last_insert_rowid()',
    'SELECT changes()',
    'SELECT total_changes()',
    'select Last_Insert_RowID ( )',
    'SELECT last_insert_rowid/* of whom? */(-- nobody knows\n)',
    'SELECT "last_insert_rowid"()',
    'SELECT [changes]()',
    'SELECT `Total_Changes`()',
    'SELECT last_rows_affected()',
    'SELECT 1 WHERE changes() > 0',
    'WITH a AS (SELECT changes() AS n) SELECT n FROM a',
    'INSERT INTO account SELECT 3, last_insert_rowid()',
    'INSERT INTO account VALUES (3, 1) RETURNING last_insert_rowid()',
    'UPDATE account SET balance = changes()',
    'EXPLAIN SELECT changes()',
  ])('is refused outside a transaction, with the way out: %s', async (sql) => {
    const bank = await openBank()
    await expect(bank.execute(sql)).rejects.toMatchObject(REFUSED)
    // Again, now that the text is known.
    await expect(bank.execute(sql)).rejects.toMatchObject(REFUSED)
    expect(await rows(bank, 'SELECT sum(balance), count(*) FROM account')).toEqual([[200n, 2n]])
  })

  it.each(['immediate', 'deferred'] as const)('is right in a transaction, %s', async (mode) => {
    const bank = await openBank()
    await bank.execute('INSERT INTO account VALUES (70, 1)')
    const transaction = await bank.transaction({ mode })
    await transaction.execute('INSERT INTO account VALUES (80, 1)')
    expect(await rows(transaction, 'SELECT last_insert_rowid(), changes()')).toEqual([[80n, 1n]])
    await transaction.execute('UPDATE account SET balance = 3 WHERE id < 80')
    expect(await rows(transaction, 'SELECT last_insert_rowid(), changes()')).toEqual([[80n, 3n]])
    await transaction.execute('INSERT INTO account SELECT last_insert_rowid() + 1, changes()')
    await transaction.commit()
    expect(await rows(bank, 'SELECT balance FROM account WHERE id = 81')).toEqual([[3n]])
  })

  it('is right in a script', async () => {
    const bank = await openBank()
    await bank.script(
      'INSERT INTO account VALUES (80, 1); INSERT INTO account SELECT last_insert_rowid() + 1, changes()',
    )
    expect(await rows(bank, 'SELECT balance FROM account WHERE id = 81')).toEqual([[1n]])
  })

  it('is refused in a view and a default too, which a statement uses without naming it', async () => {
    const path = scratchPath()
    outsider(path).exec(
      `CREATE TABLE note (id INTEGER PRIMARY KEY, of DEFAULT (last_insert_rowid()), text);
       CREATE VIEW latest AS SELECT last_insert_rowid() AS id;
       CREATE VIEW of_latest AS SELECT * FROM latest;
       CREATE TRIGGER kept AFTER UPDATE ON note BEGIN INSERT INTO note (of) VALUES (last_insert_rowid()); END`,
    )
    const database = open(path)
    for (const sql of ['SELECT * FROM latest', 'SELECT * FROM of_latest', 'INSERT INTO note (text) VALUES (?)']) {
      await expect(database.execute(sql, sql.includes('?') ? ['x'] : [])).rejects.toMatchObject(REFUSED)
    }
    // In a trigger it is about the statement that the trigger belongs to.
    await database.execute("INSERT INTO note (id, of, text) VALUES (7, 0, '')")
    await database.execute("UPDATE note SET text = 'changed' WHERE id = 7")
    const transaction = await database.transaction()
    await transaction.execute("INSERT INTO note (id, of, text) VALUES (90, 0, '')")
    expect(await rows(transaction, 'SELECT * FROM latest')).toEqual([[90n]])
    await transaction.rollback()
  })

  it.each([
    ["SELECT 'last_insert_rowid()', changes FROM changes -- changes()", 2],
    ['SELECT "changes", c.changes, [total_changes] FROM changes AS c', 3],
    ['INSERT INTO changes (changes) VALUES (2)', 0],
    ['INSERT INTO main.changes(changes) VALUES (2)', 0],
    ['WITH changes(n) AS (SELECT 1) SELECT n FROM changes', 1],
    ['SELECT 1 AS last_insert_rowid', 1],
  ])('may lend its name to a table, a column or a text: %s', async (sql, columns) => {
    const database = open(scratchPath())
    await database.script('CREATE TABLE changes (changes, total_changes); INSERT INTO changes VALUES (1, 1)')
    expect((await database.execute(sql)).columns).toHaveLength(columns)
  })

  it.each([
    ['SELECT of FROM latest', [], 'DROP VIEW latest; CREATE VIEW latest AS SELECT changes() AS of'],
    [
      'INSERT INTO note (text) VALUES (?) RETURNING of',
      ['x'],
      'DROP TABLE note; CREATE TABLE note (of DEFAULT (last_insert_rowid()), text)',
    ],
  ])('is refused in a known statement after another process changed the schema: %s', async (sql, args, change) => {
    const database = open(scratchPath())
    await database.script('CREATE TABLE note (of DEFAULT 7, text); CREATE VIEW latest AS SELECT 7 AS of')
    expect((await database.execute(sql, args)).rows).toEqual([[7n]])
    outsider(database.path).exec(change)
    await expect(database.execute(sql, args)).rejects.toMatchObject(REFUSED)
    expect(await rows(database, "SELECT count(*) FROM note WHERE text = 'x' AND of <> 7")).toEqual([[0n]])
  })

  it('is refused in a write that shares its commit with a definition', async () => {
    const database = open(scratchPath())
    const insert = () => database.execute("INSERT INTO note SELECT of, 'x' FROM latest")
    await database.script('CREATE TABLE note (of, text); CREATE VIEW latest AS SELECT 7 AS of')
    await insert()
    await database.script('DROP VIEW latest; CREATE VIEW latest AS SELECT changes() AS of')
    const [created, refused] = await Promise.allSettled([database.execute('CREATE TABLE other (a)'), insert()])
    expect(created).toMatchObject({ status: 'fulfilled' })
    expect(refused).toMatchObject({ status: 'rejected', reason: REFUSED })
    expect(await rows(database, 'SELECT of FROM note')).toEqual([[7n]])
  })
})
