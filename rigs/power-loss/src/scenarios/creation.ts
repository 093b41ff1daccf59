import { existsSync } from 'node:fs'
import type { Database } from '@sqlite-efs/database'
import { insertOf, LEDGER, mustFit, mustGoOn, mustHold, openHere, wholeEntries } from '../ledger.js'
import type { Scenario } from '../scenario.js'

/** A database that is made by its first script. */
export const creation: Scenario = {
  name: 'creation',
  prepare: async () => {},
  async act({ path }, step) {
    const database = openHere(path)
    await step('made', () => database.script(LEDGER))
    await step('first', () => database.execute(insertOf('first')))
    await database.close()
  },
  // Where a database stands, other hosts may have looked at it already.
  hasJournal: (_, state) => [...state.keys()].some((name) => name.endsWith('/app.db')),
  async verify({ path }, { done, begun }) {
    mustHold(existsSync(path) || !done.has('made'), 'the database was made, and is not there')
    await mustGoOn(path, async (database) => {
      const isMade = existsSync(path) && (await hasTables(database))
      mustHold(isMade || !done.has('made'), 'the script was acknowledged, and is lost')
      if (!isMade) await database.script(LEDGER)
      const entries = { done: without(done, 'made'), begun: without(begun, 'made') }
      mustFit(await wholeEntries(database), entries)
    })
  },
}

async function hasTables(database: Database): Promise<boolean> {
  const { rows } = await database.execute("SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'")
  const count = Number(rows[0]?.[0])
  mustHold([0, 5].includes(count), `${count} of the script's 5 definitions are there`)
  return count > 0
}

export const without = (names: ReadonlySet<string>, ...others: string[]) =>
  new Set([...names].filter((name) => !others.includes(name)))
