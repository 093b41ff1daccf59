import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as maintenance from '@sqlite-efs/database/maintenance'
import { insertOf, makeLedger, mustFit, mustGoOn, mustHold, openHere, wholeEntries } from '../ledger.js'
import type { Scenario } from '../scenario.js'
import { without } from './creation.js'

const BEFORE = ['old-1', 'old-2', 'old-3']
const copyOf = (path: string) => join(dirname(path), 'copy.db')

/** A copy is complete as soon as it has its name. */
export const snapshot: Scenario = {
  name: 'snapshot',
  prepare: ({ path }) => makeLedger(path, BEFORE),
  async act({ path }, step) {
    const database = openHere(path)
    await step('copied', () => maintenance.snapshot(database, copyOf(path)))
    await step('written', () => database.execute(insertOf('written')))
    await database.close()
  },
  hasJournal: () => true,
  async verify({ path }, { done, begun }) {
    const copy = copyOf(path)
    mustHold(existsSync(copy) || !done.has('copied'), 'the snapshot was acknowledged, and is not there')
    const nothing = { done: new Set<string>(), begun: new Set<string>() }
    if (existsSync(copy)) {
      await mustGoOn(copy, async (database) => mustFit(await wholeEntries(database), nothing, BEFORE))
    }
    const entries = { done: without(done, 'copied'), begun: without(begun, 'copied') }
    await mustGoOn(path, async (database) => mustFit(await wholeEntries(database), entries, BEFORE))
  },
}
