import { basename } from 'node:path'
import { buildShim, type Recorded } from '@sqlite-efs/storage-faults'
import { afterAll, describe, expect, it } from 'vitest'
import { type Recording, record } from '../src/record.js'
import { replay } from '../src/replay.js'
import { scenarioNamed, scenarios } from '../src/scenarios.js'

const shim = buildShim()
if ('missing' in shim) console.warn(`Power losses are not tested here: ${shim.missing}`)
const library = 'library' in shim ? shim.library : ''
afterAll(() => {
  if ('remove' in shim) shim.remove()
})

const recordings = new Map<string, Promise<Recording>>()
afterAll(async () => {
  for (const recording of recordings.values()) (await recording).remove()
})

function recorded(name: string): Promise<Recording> {
  const recording = recordings.get(name) ?? record(scenarioNamed(name), library)
  recordings.set(name, recording)
  return recording
}

describe.skipIf(library === '')('after a power loss at any moment', () => {
  it.each(scenarios.map(({ name }) => name))(
    'in the scenario %s nothing acknowledged is lost, nothing is there in part, and writes go on',
    async (name) => {
      const recording = await recorded(name)
      const { states, found } = await replay(scenarioNamed(name), recording, { seed: 1, mixtures: 10 })
      expect(found).toEqual([])
      expect(states).toBeGreaterThan(15)
    },
  )
})

const isSync = ({ call }: Recorded) => call === 'sync'
const syncOf = (pattern: RegExp) => (operation: Recorded) => isSync(operation) && pattern.test(basename(operation.path))

describe.skipIf(library === '')('without the fsync', () => {
  it.each([
    ['of the database file', 'commits', /^app\.db$/],
    ['of the journal, as with synchronous = OFF,', 'commits', /^app\.db-journal$/],
    ['of a new journal', 'creation', /^app\.db-journal\.[0-9a-f]+$/],
    ['of the folder', 'creation', /^disk$/],
    ['of a journal that is put back', 'missing journal', /^app\.db-journal\.[0-9a-f]+$/],
    ['of the folder of a journal that is put back', 'missing journal', /^disk$/],
    ['of a journal that is filled', 'empty journal', /^app\.db-journal$/],
    ['of the rolled back pages', 'recovery', /^app\.db$/],
    ['of the copy', 'snapshot', /^copy\.db\.[0-9a-f]+$/],
    ['of the folder of the copy', 'snapshot', /^disk$/],
    ['of what was there before', 'restore of less', /^app\.db\.before-restore/],
  ])('%s a state is found in the scenario %s that breaks a promise', async (_, name, pattern) => {
    const recording = await recorded(name)
    expect(recording.operations.some(syncOf(pattern))).toBe(true)
    const options = { seed: 1, mixtures: 200, without: syncOf(pattern), stopsEarly: true }
    const { found } = await replay(scenarioNamed(name), recording, options)
    expect(found).toHaveLength(1)
  })
})
