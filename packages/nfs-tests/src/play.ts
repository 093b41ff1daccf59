// Runs in the rig's network, where guests and host reach each other.
import { parseArgs } from 'node:util'
import { createLeaseTable } from '@sqlite-efs/lease'
import { startDynamoDB } from '@sqlite-efs/testing'
import { Guest } from './guest.js'
import { buildPrograms } from './programs.js'
import { isPassed, type Result, table } from './report.js'
import { HOST, rig } from './rig.js'
import type { Outcome, Scenario } from './scenario.js'
import { SCENARIOS } from './scenarios/index.js'
import { Stage, TABLE } from './stage.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string' },
    minutes: { type: 'string' },
    list: { type: 'boolean' },
    keep: { type: 'boolean' },
  },
})

const rounds = positive('rounds')
/** How long torture lasts. */
const minutes = positive('minutes') ?? 2

function positive(option: 'rounds' | 'minutes'): number | undefined {
  const value = values[option]
  if (value === undefined) return undefined
  if (Number(value) > 0) return Number(value)
  throw new Error(`--${option} ${value} can't be used: a number larger than 0 is wanted.`)
}

function chosen(): Scenario[] {
  const unknown = positionals.find((name) => !SCENARIOS.some((scenario) => scenario.name.startsWith(name)))
  if (unknown) throw new Error(`There is no scenario "${unknown}": see pnpm test:nfs --list`)
  return SCENARIOS.filter(({ name }) => positionals.length === 0 || positionals.some((it) => name.startsWith(it))).map(
    (scenario) => ({ ...scenario, rounds: rounds ?? scenario.rounds }),
  )
}

async function playAll(scenarios: readonly Scenario[]): Promise<Result[]> {
  await using dynamodb = await startDynamoDB(HOST)
  Object.assign(process.env, dynamodb.env)
  await createLeaseTable(dynamodb.config, TABLE)
  const stage = new Stage(
    [1, 2, 3].map((number) => new Guest(number)),
    await buildPrograms(),
    dynamodb.env,
    minutes,
  )
  const results: Result[] = []
  for (const scenario of scenarios) {
    console.log(`\n${scenario.name}: ${scenario.shows}`)
    const result: Result = { scenario, outcomes: [] }
    for (let round = 1; round <= scenario.rounds; round++) result.outcomes.push(await playRound(scenario, stage, round))
    results.push(result)
  }
  return results
}

async function playRound(scenario: Scenario, stage: Stage, round: number): Promise<Outcome> {
  const startedMs = performance.now()
  let outcome: Outcome
  try {
    outcome = await scenario.play(stage, round)
  } catch (error) {
    outcome = { violations: [`the round came to nothing: ${error instanceof Error ? error.stack : String(error)}`] }
    if (scenario.isControl) throw error
  } finally {
    for (const guest of stage.guests) guest.hangUp()
    await Promise.all(stage.guests.map((guest) => guest.thaw().catch(() => {})))
    await rig('up', '1', '2', '3')
  }
  const numbers = JSON.stringify({ ...outcome.counts, ...outcome.measures })
  console.log(
    `  round ${round} of ${scenario.rounds}, ${((performance.now() - startedMs) / 1000).toFixed(1)} s: ${numbers}`,
  )
  for (const violation of outcome.violations)
    console.log(`    ${scenario.isControl ? 'as expected' : 'VIOLATION'}: ${violation}`)
  return outcome
}

if (values.list) {
  for (const { name, rounds, shows } of SCENARIOS) console.log(`${name} (${rounds} rounds): ${shows}`)
} else {
  const results = await playAll(chosen())
  console.log(`\n${table(results)}`)
  process.exitCode = results.every(isPassed) ? 0 : 1
}
