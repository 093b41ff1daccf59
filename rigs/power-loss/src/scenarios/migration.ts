import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { migrate } from '@sqlite-efs/database/migrations'
import { insertOf, LEDGER, mustFit, mustGoOn, mustHold, openHere, wholeEntries } from '../ledger.js'
import type { Place, Scenario } from '../scenario.js'

const BEFORE = ['old-1', 'old-2', 'old-3']
const LEDGER_MIGRATION = { '20251231000000_ledger': LEDGER + BEFORE.map(insertOf).join(';') }
const SCRIPTS = {
  '20260101000000_first': `CREATE TABLE first (entry TEXT, more BLOB); INSERT INTO first SELECT id, randomblob(900) FROM entry`,
  '20260102000000_second': `ALTER TABLE first ADD COLUMN note TEXT; CREATE TABLE second AS SELECT * FROM first; UPDATE first SET note = entry`,
}
const folderOf = ({ beside }: Place) => join(beside, 'migrations')

/** Each migration is there with its row in the history, or neither is; those that are missing are applied by the next deploy. */
export const migration: Scenario = {
  name: 'migration',
  async prepare(place) {
    add(place, LEDGER_MIGRATION)
    writeFileSync(join(folderOf(place), 'migration_lock.toml'), 'provider = "sqlite"\n')
    const database = openHere(place.path)
    await migrate(database, folderOf(place))
    await database.close()
    add(place, SCRIPTS)
  },
  async act(place, step) {
    const database = openHere(place.path)
    await step('migrated', () => migrate(database, folderOf(place)))
    await database.close()
  },
  hasJournal: () => true,
  verify: (place, { done }) =>
    mustGoOn(place.path, async (database) => {
      mustFit(await wholeEntries(database), { done: new Set(), begun: new Set() }, BEFORE)
      const { rows } = await database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
      const tables = new Set(rows.map(([name]) => name))
      const known = (await database.execute('SELECT migration_name, finished_at FROM _prisma_migrations')).rows
      for (const [name, finishedAt] of known) mustHold(finishedAt !== null, `${String(name)} is half applied`)
      const isApplied = (name: string) => known.some(([it]) => it === name)
      const [first, second] = Object.keys(SCRIPTS) as [string, string]
      mustHold(tables.has('first') === isApplied(first), 'the first migration and its row do not agree')
      mustHold(tables.has('second') === isApplied(second), 'the second migration and its row do not agree')
      mustHold(isApplied(second) || !done.has('migrated'), 'the migrations were acknowledged, and are lost')
      const { applied } = await migrate(database, folderOf(place))
      mustHold(applied.length === 3 - known.length, `the next deploy applied ${applied.length}`)
      const complete = await database.execute(
        'SELECT count(*) FROM first JOIN second USING (entry) WHERE first.note = entry',
      )
      mustHold(complete.rows[0]?.[0] === BigInt(BEFORE.length), 'a migration is there in part')
      await database.execute(insertOf('migrated'))
    }),
}

function add(place: Place, scripts: Readonly<Record<string, string>>): void {
  for (const [name, script] of Object.entries(scripts)) {
    mkdirSync(join(folderOf(place), name), { recursive: true })
    writeFileSync(join(folderOf(place), name, 'migration.sql'), script)
  }
}
