import { insertOf, makeLedger, mustFit, mustGoOn, openHere, wholeEntries } from '../ledger.js'
import type { Scenario } from '../scenario.js'

const BEFORE = ['old-1', 'old-2']

/** Every way to write: alone, in a group, in transactions of both modes, as a script. */
export const commits: Scenario = {
  name: 'commits',
  prepare: ({ path }) => makeLedger(path, BEFORE),
  async act({ path }, step) {
    const database = openHere(path)
    const inTransaction = async (id: string, mode: 'immediate' | 'deferred') => {
      const transaction = await database.transaction({ mode })
      await transaction.execute('SELECT count(*) FROM entry')
      await transaction.execute(insertOf(id))
      await transaction.execute("UPDATE entry SET parts = parts WHERE id LIKE 'old%'")
      await transaction.commit()
    }
    await step('alone', () => database.execute(insertOf('alone')))
    await Promise.all(['a', 'b', 'c'].map((id) => step(id, () => database.execute(insertOf(id)))))
    await step('immediate', () => inTransaction('immediate', 'immediate'))
    await step('deferred', () => inTransaction('deferred', 'deferred'))
    await step('script', () => database.script(`${insertOf('script')}; CREATE TABLE note (text)`))
    await step('last', () => database.execute(insertOf('last')))
    await database.close()
  },
  hasJournal: () => true,
  verify: ({ path }, story) => mustGoOn(path, async (database) => mustFit(await wholeEntries(database), story, BEFORE)),
}
