import * as maintenance from '@sqlite-efs/database/maintenance'
import { insertOf, makeLedger, mustFit, mustGoOn, openHere, wholeEntries } from '../ledger.js'
import type { Scenario } from '../scenario.js'
import { without } from './creation.js'

const BEFORE = ['old-1', 'old-2', 'old-3']

/** Every page moves, and the file becomes shorter. */
export const vacuum: Scenario = {
  name: 'vacuum',
  async prepare({ path }) {
    await makeLedger(path, BEFORE)
    const database = openHere(path)
    await database.script(
      'CREATE TABLE bulk AS SELECT randomblob(60000) AS data; DROP TABLE bulk; CREATE TABLE note AS SELECT hex(randomblob(6000)) AS text',
    )
    await database.close()
  },
  async act({ path }, step) {
    const database = openHere(path)
    await step('vacuumed', () => maintenance.vacuum(database))
    await step('written', () => database.execute(insertOf('written')))
    await database.close()
  },
  hasJournal: () => true,
  verify: ({ path }, { done, begun }) =>
    mustGoOn(path, async (database) => {
      const entries = { done: without(done, 'vacuumed'), begun: without(begun, 'vacuumed') }
      mustFit(await wholeEntries(database), entries, BEFORE)
    }),
}
