import { Draws, Machine, World } from '@sqlite-efs/simulation'
import { allTurns, lockOf, noTurns, type Turns, takeTurns, type Way } from './contest.js'
import { SimulatedDynamoDB } from './simulated-dynamodb.js'
import { counted, noUsage, type Usage } from './usage.js'

export interface Contention {
  way: Way
  contenders: number
  holdMs: number
  roundTripMs: number
  forMs: number
  /** How long each waits for its turn. @default 5000 */
  timeoutMs?: number
}

export interface ContentionResult extends Turns {
  usage: Usage
}

/** Contenders in simulated time: the code itself, on machines that never wait for a processor. */
export async function simulateContention(contention: Contention, seed = 1): Promise<ContentionResult> {
  const { way, contenders, holdMs, roundTripMs, forMs, timeoutMs } = contention
  const world = new World()
  const draws = new Draws(seed, `${way} ${contenders}`)
  // Each way takes half of it, give or take 40 %.
  const dynamodb = new SimulatedDynamoDB(world, () => (roundTripMs / 2) * draws.between(0.6, 1.4))
  const usage = noUsage()
  const all: Turns[] = []
  for (let i = 0; i < contenders; i++) {
    const machine = new Machine(world)
    const client = counted(dynamodb.client(machine), usage)
    const lock = lockOf(way, {
      client,
      clock: machine,
      random: draws.random,
      ...(timeoutMs !== undefined && { timeoutMs }),
    })
    const turns = noTurns()
    all.push(turns)
    void takeTurns(lock, turns, { clock: machine, holdMs, goesOn: () => true })
  }
  await world.pass(forMs)
  return { usage, ...allTurns(all) }
}
