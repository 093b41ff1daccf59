import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import * as maintenance from '@sqlite-efs/database/maintenance'
import { insertOf, makeLedger, mustFit, mustGoOn, mustHold, openHere, wholeEntries } from '../ledger.js'
import type { Place, Scenario } from '../scenario.js'
import { without } from './creation.js'

const BEFORE = ['old-1', 'old-2', 'old-3']
const AFTER = Array.from({ length: 9 }, (_, i) => `new-${i}`)
const sourceOf = ({ beside }: Place) => join(beside, 'source.db')

/** The content is replaced by a larger or smaller one in one commit; the content of before is kept in a file. */
const restoring = (name: string, before: readonly string[], after: readonly string[]): Scenario => ({
  name,
  async prepare(place) {
    await makeLedger(place.path, before)
    await makeLedger(sourceOf(place), after)
  },
  async act(place, step) {
    const database = openHere(place.path)
    await step('restored', () => maintenance.restore(database, sourceOf(place)))
    await step('written', () => database.execute(insertOf('written')))
    await database.close()
  },
  hasJournal: () => true,
  verify: ({ path }, { done, begun }) =>
    mustGoOn(path, async (database) => {
      const ids = await wholeEntries(database)
      const isRestored = ids.has(after[0]!)
      mustHold(isRestored || !done.has('restored'), 'the restore was acknowledged, and is lost')
      const entries = { done: without(done, 'restored'), begun: without(begun, 'restored') }
      mustFit(ids, entries, isRestored ? after : before)
      if (isRestored) await mustBeKept(path, before)
    }),
})

async function mustBeKept(path: string, before: readonly string[]): Promise<void> {
  const kept = readdirSync(dirname(path)).find(
    (name) => name.startsWith(`${basename(path)}.before-restore-`) && name.endsWith('Z'),
  )
  mustHold(kept !== undefined, 'what was there before the restore is kept nowhere')
  const database = openHere(join(dirname(path), kept))
  try {
    mustFit(await wholeEntries(database), { done: new Set(), begun: new Set() }, before)
  } finally {
    await database.close()
  }
}

export const restoreOfMore = restoring('restore of more', BEFORE, AFTER)
export const restoreOfLess = restoring('restore of less', AFTER, BEFORE)
