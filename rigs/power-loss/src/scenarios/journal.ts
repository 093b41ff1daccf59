import { rmSync, truncateSync } from 'node:fs'
import { insertOf, makeLedger, mustFit, mustGoOn, openHere, wholeEntries } from '../ledger.js'
import type { Scenario } from '../scenario.js'
import { without } from './creation.js'

const BEFORE = ['old-1', 'old-2']

/** Another program in DELETE or TRUNCATE mode took the journal away: it is put back before it is needed. */
const withJournal = (name: string, damage: (journal: string) => void): Scenario => ({
  name,
  async prepare({ path }) {
    await makeLedger(path, BEFORE)
    damage(`${path}-journal`)
  },
  async act({ path }, step) {
    const database = openHere(path)
    await step('opened', () => database.execute('SELECT count(*) FROM entry'))
    await step('written', () => database.execute(insertOf('written')))
    await database.close()
  },
  hasJournal: ({ done }) => done.has('opened'),
  verify: ({ path }, { done, begun }) =>
    mustGoOn(path, async (database) => {
      const entries = { done: without(done, 'opened'), begun: without(begun, 'opened') }
      mustFit(await wholeEntries(database), entries, BEFORE)
    }),
})

export const missingJournal = withJournal('missing journal', (journal) => rmSync(journal))
export const emptyJournal = withJournal('empty journal', (journal) => truncateSync(journal))
