import { type Database, openDatabase } from '@sqlite-efs/database'
import { check } from '@sqlite-efs/database/maintenance'
import { LocalLeaser } from '@sqlite-efs/lease'
import type { Story } from './scenario.js'

/** An entry is one statement: its trigger writes its parts, and counts it, on several pages. */
export const LEDGER = `
CREATE TABLE entry (id TEXT PRIMARY KEY, parts INTEGER NOT NULL);
CREATE TABLE part (entry TEXT NOT NULL, data BLOB NOT NULL);
CREATE INDEX part_entry ON part (entry, data);
CREATE TABLE tally (shard INTEGER PRIMARY KEY, entries INTEGER NOT NULL, filler BLOB NOT NULL);
INSERT INTO tally SELECT value, 0, zeroblob(1500) FROM (SELECT 0 AS value UNION SELECT 1 UNION SELECT 2 UNION SELECT 3);
CREATE TRIGGER entry_made AFTER INSERT ON entry BEGIN
  INSERT INTO part SELECT new.id, randomblob(700) FROM tally;
  UPDATE tally SET entries = entries + 1;
END;
`

export const insertOf = (id: string) => `INSERT INTO entry VALUES ('${id}', 4)`

export const openHere = (path: string): Database => openDatabase({ path, leaser: new LocalLeaser() })

export class Violation extends Error {}

export function mustHold(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Violation(what)
}

/** The ids of all entries, once it is sure that none is there in part. */
export async function wholeEntries(database: Database): Promise<Set<string>> {
  const wrong = await check(database)
  mustHold(wrong.length === 0, `the file is damaged: ${wrong[0]}`)
  const torn = await database.execute(
    `SELECT id FROM entry WHERE parts <> (SELECT count(*) FROM part WHERE entry = entry.id)
     UNION SELECT entry FROM part WHERE entry NOT IN (SELECT id FROM entry)
     UNION SELECT 'tally ' || shard FROM tally WHERE entries <> (SELECT count(*) FROM entry)`,
  )
  mustHold(torn.rows.length === 0, `half of a transaction is there: ${String(torn.rows[0]?.[0])}`)
  const { rows } = await database.execute('SELECT id FROM entry')
  return new Set(rows.map(([id]) => String(id)))
}

/** What was acknowledged is there, and what was never begun is not. */
export function mustFit(ids: ReadonlySet<string>, { done, begun }: Story, before: readonly string[] = []): void {
  for (const id of [...done, ...before]) mustHold(ids.has(id), `${id} was acknowledged, and is lost`)
  for (const id of ids) mustHold(begun.has(id) || before.includes(id), `${id} is there, and was never begun`)
}

/** Opens, looks, and writes on: what nearly all scenarios end with. */
export async function mustGoOn(path: string, look: (database: Database) => Promise<void>): Promise<void> {
  const database = openHere(path)
  try {
    await look(database)
    await database.execute(insertOf('next'))
    mustHold((await wholeEntries(database)).has('next'), 'the next write is lost')
  } finally {
    await database.close()
  }
}

/** A database with these entries. */
export async function makeLedger(path: string, ids: readonly string[]): Promise<void> {
  const database = openHere(path)
  await database.script(LEDGER)
  for (const id of ids) await database.execute(insertOf(id))
  await database.close()
}
