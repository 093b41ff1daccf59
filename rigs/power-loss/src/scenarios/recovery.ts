import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { insertOf, makeLedger, mustFit, mustGoOn, mustHold, openHere, wholeEntries } from '../ledger.js'
import type { Scenario } from '../scenario.js'
import { without } from './creation.js'

const BEFORE = ['old-1', 'old-2', 'old-3']

/** A killed writer left half a transaction and its journal; then the power goes while that is rolled back. */
export const recovery: Scenario = {
  name: 'recovery',
  async prepare({ path }) {
    await makeLedger(path, BEFORE)
    const { signal } = spawnSync(
      process.execPath,
      [
        '--conditions=@sqlite-efs/source',
        '--import',
        'tsx',
        fileURLToPath(new URL('../die-in-commit.ts', import.meta.url)),
        path,
      ],
      { stdio: 'inherit' },
    )
    mustHold(signal === 'SIGKILL', 'the writer was not killed')
  },
  async act({ path }, step) {
    const database = openHere(path)
    await step('read', () => database.execute('SELECT count(*) FROM entry'))
    await step('written', () => database.execute(insertOf('written')))
    await database.close()
  },
  hasJournal: () => true,
  verify: ({ path }, { done, begun }) =>
    mustGoOn(path, async (database) => {
      const entries = { done: without(done, 'read'), begun: without(begun, 'read') }
      mustFit(await wholeEntries(database), entries, BEFORE)
    }),
}
