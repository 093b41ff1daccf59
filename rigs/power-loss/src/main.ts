// The long form of the power-loss test: `pnpm power-loss --help`.
import { basename } from 'node:path'
import { buildShim, type Recorded } from '@sqlite-efs/storage-faults'
import { commandLine, parse, runProgram, wholeNumber } from '@sqlite-efs/toolkit/arguments'
import { type Recording, record } from './record.js'
import { type ReplayOptions, replay } from './replay.js'
import type { Scenario } from './scenario.js'
import { scenarioNamed, scenarios } from './scenarios.js'

interface Arguments {
  options: Pick<ReplayOptions, 'seed' | 'mixtures'>
  eachSync: boolean
  chosen: readonly Scenario[]
}

/** @throws UsageError */
function parseArguments(words: readonly string[]): Arguments {
  const command = commandLine('pnpm power-loss', 'Opens each state that a power loss may leave of a database.')
    .argument('[scenario...]', `of ${scenarios.map(({ name }) => name).join(', ')} (default: all)`)
    .option('--mixtures <N>', 'about so many states that are drawn at random', wholeNumber('--mixtures', 0), 1000)
    .option('--seed <S>', 'of the random choices', wholeNumber('--seed', 0), 1)
    .option('--each-sync', 'instead: leave out one fsync after the other, and name those that no state needed', false)
  return parse(command, words, () => {
    const { eachSync, ...options } = command.opts<Arguments['options'] & { eachSync: boolean }>()
    const chosen = command.args.length > 0 ? command.args.map(scenarioNamed) : scenarios
    return { options, eachSync, chosen }
  })
}

async function main({ options, eachSync, chosen }: Arguments): Promise<number> {
  const shim = buildShim()
  if ('missing' in shim) throw new Error(`The recording needs gcc on Linux: ${shim.missing}`)
  let violations = 0
  for (const scenario of chosen) {
    const recording = await record(scenario, shim.library)
    if (eachSync) await leaveOutEachSync(scenario, recording, options)
    else violations += await openEachState(scenario, recording, options)
    recording.remove()
  }
  shim.remove()
  return violations > 0 ? 1 : 0
}

async function openEachState(scenario: Scenario, recording: Recording, options: Arguments['options']): Promise<number> {
  const startedMs = performance.now()
  const { operations, states, found } = await replay(scenario, recording, options)
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  console.log(`${scenario.name}: ${operations} operations, ${states} states, ${found.length} violations, ${seconds} s`)
  for (const { after, what } of found.slice(0, 10)) console.log(`  after ${after}: ${what}`)
  return found.length
}

async function leaveOutEachSync(
  scenario: Scenario,
  recording: Recording,
  options: Arguments['options'],
): Promise<void> {
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

process.exitCode = await runProgram(() => parseArguments(process.argv.slice(2)), main)
