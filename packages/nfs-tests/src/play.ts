// Runs in the rig's network, where guests and host reach each other.
import { setTimeout as sleep } from 'node:timers/promises'
import { createLeaseTable } from '@sqlite-efs/lease'
import { startDynamoDB } from '@sqlite-efs/testing'
import { Guest } from './guest.js'
import { options } from './options.js'
import { buildPrograms } from './programs.js'
import { isPassed, type Result, table } from './report.js'
import { HOST, rig } from './rig.js'
import type { Outcome, Scenario } from './scenario.js'
import { SCENARIOS } from './scenarios/index.js'
import { Stage, TABLE } from './stage.js'

/** user-mode-linux and nfs-ganesha break down now and then, without any part of this project in it. */
const MAX_VOID_ROUNDS = 2
const ANSWERS_WITHIN_MS = 20_000

const { names, rounds, minutes, hosts, list } = options(process.argv.slice(2))

function chosen(): Scenario[] {
  const unknown = names.find((name) => !SCENARIOS.some((scenario) => scenario.name.startsWith(name)))
  if (unknown) throw new Error(`There is no scenario "${unknown}": see pnpm test:nfs --list`)
  return SCENARIOS.filter(({ name }) => names.length === 0 || names.some((it) => name.startsWith(it))).map(
    (scenario) => ({ ...scenario, rounds: rounds ?? scenario.rounds }),
  )
}

async function playAll(scenarios: readonly Scenario[]): Promise<Result[]> {
  await using dynamodb = await startDynamoDB(HOST)
  Object.assign(process.env, dynamodb.env)
  await createLeaseTable(dynamodb.config, TABLE)
  await using programs = await buildPrograms()
  const stage = new Stage(
    hosts.map((number) => new Guest(number)),
    programs,
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
  for (let voidRounds = 0; ; voidRounds++) {
    const startedMs = performance.now()
    const outcome = await scenario
      .play(stage, round)
      .catch((error: Error): Outcome => ({ violations: [], cameToNothing: error.stack ?? String(error) }))
    const broken = await tidyUp(stage)
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
    if (broken.length > 0 && voidRounds < MAX_VOID_ROUNDS) {
      console.log(`  round ${round} is void after ${seconds} s, and is played again: ${broken.join(', ')}`)
      continue
    }
    if (outcome.cameToNothing) console.log(`  round ${round} came to nothing: ${outcome.cameToNothing}`)
    const numbers = JSON.stringify({ ...outcome.counts, ...outcome.measures })
    console.log(`  round ${round} of ${scenario.rounds}, ${seconds} s: ${numbers}`)
    for (const violation of outcome.violations) {
      console.log(`    ${scenario.isControl ? 'as expected' : 'VIOLATION'}: ${violation}`)
    }
    return outcome
  }
}

/** Ends what is left of a round. Says which part of the rig has broken down, and starts it again. */
async function tidyUp({ guests }: Stage): Promise<string[]> {
  const broken: string[] = []
  const isUp = (await rig('status')).split('\n')
  if (!isUp.includes('server')) broken.push('the NFS server has died')
  await Promise.all(
    guests.map(async (guest) => {
      guest.hangUp()
      // Who was powered off comes back here.
      if (!isUp.includes(`guest ${guest.number}`)) return
      await guest.thaw()
      const answer = await Promise.race([guest.run('true').catch(String), sleep(ANSWERS_WITHIN_MS, 'no answer')])
      if (answer === '') return
      broken.push(`host ${guest.number}: ${answer}`)
      await guest.powerOff()
    }),
  )
  await rig('up', ...guests.map(({ number }) => String(number)))
  return broken
}

if (list) {
  for (const { name, rounds, shows } of SCENARIOS) console.log(`${name} (${rounds} rounds): ${shows}`)
} else {
  const results = await playAll(chosen())
  console.log(`\n${table(results)}`)
  process.exitCode = results.every(isPassed) ? 0 : 1
}
