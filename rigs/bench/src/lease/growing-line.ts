import { DynamoDBLeaser } from '@sqlite-efs/lease'
import { Machine, World } from '@sqlite-efs/simulation'
import { seeded } from '@sqlite-efs/toolkit/random'
import { KEY, TABLE } from './contest.js'
import { SimulatedDynamoDB } from './simulated-dynamodb.js'
import { counted, noUsage } from './usage.js'

/** The item, and what a join to it costs, with so many in line, the holder included. */
export interface Size {
  inLine: number
  bytes: number
  /** Of the join that made it as long. */
  writeUnits: number
}

/** Lets a line grow, one by one, in simulated time. */
export async function growLine(longest: number): Promise<Size[]> {
  const world = new World()
  const dynamodb = new SimulatedDynamoDB(world, () => 2.5)
  const sizes: Size[] = []
  for (let inLine = 1; inLine <= longest; inLine++) {
    const machine = new Machine(world)
    const usage = noUsage()
    const client = counted(dynamodb.client(machine), usage)
    // As long as it is on Lambda.
    const owner = `lambda:${String(inLine).padStart(12, '0')}`
    const leaser = new DynamoDBLeaser({ tableName: TABLE, client, clock: machine, random: seeded(inLine), owner })
    void leaser.acquire(KEY, { timeoutMs: 60_000 })
    await world.pass(5)
    sizes.push({ inLine, bytes: dynamodb.bytesOf(KEY), writeUnits: usage.writeUnits })
  }
  return sizes
}
