// Runs in the rig's network, where guests and host reach each other.
import { setTimeout as sleep } from 'node:timers/promises'
import { createLeaseTable } from '@sqlite-efs/lease'
import { startDynamoDB } from '@sqlite-efs/toolkit'
import { Guest } from './guest.js'
import { chosen, options } from './options.js'
import { buildPrograms } from './programs.js'
import { isPassed, missed, type Result, table } from './report.js'
import { HOST, rig } from './rig.js'
import { playRound } from './round.js'
import type { Scenario } from './scenario.js'
import { SCENARIOS } from './scenarios/index.js'
import { Stage, TABLE } from './stage.js'

const ANSWERS_WITHIN_MS = 20_000

const parsed = options(process.argv.slice(2), SCENARIOS)

async function playAll(scenarios: readonly Scenario[]): Promise<Result[]> {
  await using dynamodb = await startDynamoDB(HOST)
  Object.assign(process.env, dynamodb.env)
  await createLeaseTable(dynamodb.config, TABLE)
  await using programs = await buildPrograms()
  const stage = new Stage(
    parsed.hosts.map((number) => new Guest(number)),
    programs,
    dynamodb.env,
    parsed.minutes,
  )
  const surroundings = { say: (line: string) => console.log(line), tidyUp: () => tidyUp(stage) }
  const results: Result[] = []
  for (const scenario of scenarios) {
    console.log(`\n${scenario.name}: ${scenario.shows}`)
    const result: Result = { scenario, outcomes: [] }
    for (let round = 1; round <= scenario.rounds; round++) {
      result.outcomes.push(await playRound(scenario, stage, round, surroundings))
    }
    for (const what of missed(result)) console.log(`  shows nothing: in no round there were any ${what}`)
    results.push(result)
  }
  return results
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

const results = await playAll(chosen(SCENARIOS, parsed))
console.log(`\n${table(results)}`)
process.exitCode = results.every(isPassed) ? 0 : 1
