import { LocalLeaser } from '@sqlite-efs/lease'
import Libsql from 'libsql'
import { describe, expect, it } from 'vitest'
import type { Database, ResultSet } from '../src/index.js'
import { restore } from '../src/maintenance.js'
import { MigrationFolder } from './support/migration-folder.js'
import { open, scratchFolder, scratchPath } from './support/scratch.js'
import { type Child, startChild } from './support/start-child.js'

const SCHEMA = `
  CREATE TABLE entry (id INTEGER PRIMARY KEY, debit INT, credit INT);
  CREATE VIEW shown AS SELECT id, debit FROM entry;
  INSERT INTO entry VALUES (1, 10, 100)`
const READ = 'SELECT * FROM entry WHERE id = 1'
const VIEW = 'SELECT * FROM shown WHERE id = 1'
const WRITE = 'UPDATE entry SET id = id WHERE id = 1 RETURNING *'

const CHANGES = {
  'ADD COLUMN': 'ALTER TABLE entry ADD COLUMN fee INT DEFAULT 7',
  'DROP COLUMN':
    'DROP VIEW shown; ALTER TABLE entry DROP COLUMN debit; CREATE VIEW shown AS SELECT credit, id FROM entry',
  'RENAME COLUMN': 'ALTER TABLE entry RENAME COLUMN debit TO paid',
  'RENAME TO': `ALTER TABLE entry RENAME TO past; CREATE TABLE entry (credit INT, id INTEGER PRIMARY KEY);
                INSERT INTO entry VALUES (5, 1)`,
  'another order': `CREATE TABLE next (credit INT, id INTEGER PRIMARY KEY, debit INT); INSERT INTO next SELECT credit, id, debit FROM entry;
                    DROP VIEW shown; DROP TABLE entry; ALTER TABLE next RENAME TO entry; CREATE VIEW shown AS SELECT debit, id FROM entry`,
  'another type': `CREATE TABLE next (id INTEGER PRIMARY KEY, debit DATETIME, credit TEXT); INSERT INTO next SELECT * FROM entry;
                   DROP VIEW shown; DROP TABLE entry; ALTER TABLE next RENAME TO entry; CREATE VIEW shown AS SELECT * FROM entry`,
}

const shapeOf = ({ columns, rows }: ResultSet) => ({ columns: columns.map((it) => ({ ...it })), rows })

/** What statements answer in every place where one can run, each on the connection that is open there. */
async function answers(database: Database) {
  const inTransaction = async (mode: 'immediate' | 'deferred', ...statements: string[]) => {
    const transaction = await database.transaction({ mode })
    const results: unknown[] = []
    for (const sql of statements) results.push(shapeOf(await transaction.execute(sql)))
    await transaction.commit()
    return results
  }
  return {
    write: shapeOf(await database.execute(WRITE)),
    read: shapeOf(await database.execute(READ)),
    view: shapeOf(await database.execute(VIEW)),
    immediate: await inTransaction('immediate', READ, VIEW, WRITE),
    deferred: await inTransaction('deferred', READ, VIEW, WRITE),
  }
}

/** The same, of connections that have seen nothing else. */
function truth(path: string): Awaited<ReturnType<typeof answers>> {
  const plain = (sql: string) => {
    const libsql = new Libsql(path)
    const statement = libsql.prepare(sql).raw().safeIntegers()
    const columns = statement.columns().map(({ name, type }) => ({ name, declaredType: type }))
    const rows = statement.all([]) as bigint[][]
    libsql.close()
    return { columns, rows }
  }
  const [read, view, write] = [plain(READ), plain(VIEW), plain(WRITE)]
  return { write, read, view, immediate: [read, view, write], deferred: [read, view, write] }
}

async function openWith(schema: string) {
  const [path, directory] = [scratchPath(), scratchFolder()]
  const database = open(path, { leaser: new LocalLeaser({ directory }) })
  if (schema) await database.script(schema)
  return { database, path, other: () => startChild('change-schema.ts', [path, directory]) }
}

async function tell(other: Child, what: object): Promise<void> {
  other.say(JSON.stringify(what))
  expect(await other.nextLine()).toBe('done')
}

describe('rows have the names and types of the columns that the table has now', () => {
  it.each(Object.entries(CHANGES))('after %s by another process', async (_, script) => {
    const { database, path, other } = await openWith(SCHEMA)
    await answers(database)
    await tell(other(), { script })
    expect(await answers(database)).toEqual(truth(path))
    // Not only once: what was prepared for the first answer is used for the next.
    expect(await answers(database)).toEqual(truth(path))
  })

  it('after every change in turn, by another process that stays open', async () => {
    const { database, path, other } = await openWith(SCHEMA)
    const child = other()
    for (const change of [
      CHANGES['ADD COLUMN'],
      CHANGES['RENAME COLUMN'],
      'DROP VIEW shown; CREATE VIEW shown AS SELECT fee, id FROM entry',
    ]) {
      await answers(database)
      await tell(child, { script: change })
      expect(await answers(database)).toEqual(truth(path))
    }
  })

  it("after another process's migration", async () => {
    const { database, path, other } = await openWith('')
    const folder = new MigrationFolder({ '1_init': SCHEMA })
    const child = other()
    await tell(child, { migrations: folder.path })
    await answers(database)
    folder.add({ '2_order': CHANGES['another order'] })
    await tell(child, { migrations: folder.path })
    expect(await answers(database)).toEqual(truth(path))
  })

  it.each(['this process', 'another process'])('after a restore by %s', async (owner) => {
    const { database, path, other } = await openWith(SCHEMA)
    const source = await openWith(SCHEMA)
    await source.database.script(CHANGES['another order'])
    await source.database.close()
    await answers(database)
    await (owner === 'this process' ? restore(database, source.path) : tell(other(), { restore: source.path }))
    expect(await answers(database)).toEqual(truth(path))
  })

  it.each(Object.entries(CHANGES))('after %s by a script of the same process', async (_, script) => {
    const { database, path } = await openWith(SCHEMA)
    await answers(database)
    await database.script(script)
    expect(await answers(database)).toEqual(truth(path))
  })

  it('after a change in a transaction, in it, after it, and after it was undone', async () => {
    const { database, path } = await openWith(SCHEMA)
    for (const mode of ['immediate', 'deferred'] as const) {
      const before = await answers(database)
      const transaction = await database.transaction({ mode })
      await transaction.execute(READ)
      await transaction.savepoint('s')
      await transaction.execute(CHANGES['RENAME COLUMN'])
      expect((await transaction.execute(READ)).columns.map(({ name }) => name)).toEqual(['id', 'paid', 'credit'])
      await transaction.rollbackTo('s')
      expect(shapeOf(await transaction.execute(READ))).toEqual(before.read)
      await transaction.execute(CHANGES['ADD COLUMN'])
      expect((await transaction.execute(WRITE)).columns).toHaveLength(4)
      await transaction.rollback()
      expect(await answers(database)).toEqual(before)
    }
    expect(await answers(database)).toEqual(truth(path))
  })
})
