// The long form of the power-loss test: `pnpm power-loss --mixtures 2000 --seed 1 [scenario ...]`. With --each-sync it leaves out
// one fsync after the other instead, and names those that no state needed.
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { buildShim, type Recorded } from '@sqlite-efs/storage-faults'
import { type Recording, record } from './record.js'
import { replay } from './replay.js'
import type { Scenario } from './scenario.js'
import { scenarioNamed, scenarios } from './scenarios.js'

const { values, positionals } = parseArgs({
  options: {
    mixtures: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    'each-sync': { type: 'boolean', default: false },
  },
  allowPositionals: true,
})
const shim = buildShim()
if ('missing' in shim) throw new Error(`The recording needs gcc on Linux: ${shim.missing}`)
const chosen = positionals.length > 0 ? positionals.map(scenarioNamed) : scenarios
const options = { seed: Number(values.seed), mixtures: Number(values.mixtures) }
for (const scenario of chosen) {
  const recording = await record(scenario, shim.library)
  if (values['each-sync']) await leaveOutEachSync(scenario, recording)
  else await openEachState(scenario, recording)
  recording.remove()
}
shim.remove()

async function openEachState(scenario: Scenario, recording: Recording): Promise<void> {
  const startedMs = performance.now()
  const { operations, states, found } = await replay(scenario, recording, options)
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  console.log(`${scenario.name}: ${operations} operations, ${states} states, ${found.length} violations, ${seconds} s`)
  for (const { after, what } of found.slice(0, 10)) console.log(`  after ${after}: ${what}`)
  if (found.length > 0) process.exitCode = 1
}

async function leaveOutEachSync(scenario: Scenario, recording: Recording): Promise<void> {
  const syncs = recording.operations.filter(({ call }) => call === 'sync')
  let noticed = 0
  for (const sync of syncs) {
    const without = (operation: Recorded) => operation === sync
    const { found } = await replay(scenario, recording, { ...options, without, stopsEarly: true })
    if (found.length > 0) noticed++
    else console.log(`  not noticed: operation ${recording.operations.indexOf(sync) + 1}, of ${basename(sync.path)}`)
  }
  console.log(`${scenario.name}: ${noticed} of ${syncs.length} fsyncs were missed`)
}
