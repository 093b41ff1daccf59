import { setTimeout as delay } from 'node:timers/promises'
import { createLeaseTable, DynamoDBLeaser, type Lease } from '@sqlite-efs/lease'
import { createClient } from '@sqlite-efs/lease/internal'
import { Draws, Machine, World } from '@sqlite-efs/simulation'
import { startDynamoDB } from '@sqlite-efs/toolkit'
import { startProcesses } from './contention-of-processes.js'
import { KEY, TABLE, TTL_MS } from './contest.js'
import { SimulatedDynamoDB } from './simulated-dynamodb.js'
import { counted, noUsage } from './usage.js'

const TIMEOUT_MS = 60_000
/** Before and after the moment in which the next one has the lease. */
const AROUND_MS = 250

/** How a dead holder was replaced. */
export interface Takeover {
  /** From its last renewal until somebody else had the lease. */
  afterMs: number
  /** Requests in a second: in the last three before the holder's lease was over, and around the takeover. */
  waitingPerSecond: number
  aroundPerSecond: number
  /** Who asked to sweep it. */
  sweeps: number
}

interface Request {
  atMs: number
  isWrite: boolean
}

function takeoverOf(requests: readonly Request[], renewedMs: number, takenMs: number): Takeover {
  const within = (fromMs: number, toMs: number) => requests.filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
  const overMs = renewedMs + TTL_MS
  const around = within(takenMs - AROUND_MS, takenMs + AROUND_MS)
  return {
    afterMs: takenMs - renewedMs,
    waitingPerSecond: within(overMs - 3000, overMs).length / 3,
    aroundPerSecond: (around.length / (2 * AROUND_MS)) * 1000,
    sweeps: within(overMs, takenMs + 1).filter(({ isWrite }) => isWrite).length,
  }
}

/** In simulated time: the holder dies at any moment between two renewals. */
export async function simulateTakeover(waiters: number, seed: number): Promise<Takeover> {
  const world = new World()
  const draws = new Draws(seed, `takeover ${waiters}`)
  const dynamodb = new SimulatedDynamoDB(world, () => draws.between(1.5, 3.5))
  const requests: Request[] = []
  const newcomer = () => {
    const machine = new Machine(world)
    const note = (operation: string) => void requests.push({ atMs: world.nowMs, isWrite: operation === 'UpdateItem' })
    const client = counted(dynamodb.client(machine), noUsage(), note)
    return { machine, leaser: new DynamoDBLeaser({ tableName: TABLE, client, clock: machine, random: draws.random }) }
  }
  const holder = newcomer()
  await world.run(holder.leaser.acquire(KEY))
  const leases = Array.from({ length: waiters }, async () => {
    const { leaser, machine } = newcomer()
    await new Promise<void>((resolve) => void machine.after(draws.between(0, 1000), resolve))
    return leaser.acquire(KEY, { timeoutMs: TIMEOUT_MS })
  })
  await world.pass(draws.between(1000, 8000))
  holder.machine.kill()
  await world.pass(10)
  const { contenders } = await world.run(newcomer().leaser.inspect(KEY))
  await world.run(Promise.race(leases))
  const takenMs = world.nowMs
  await world.pass(AROUND_MS)
  return takeoverOf(requests, contenders[0]!.aliveUntilMs - TTL_MS, takenMs)
}

/** A process that is killed as it holds the lease, and others that wait for it. */
export async function takeOverFromProcess(program: string, waiters: number): Promise<Takeover> {
  await using dynamodb = await startDynamoDB()
  await createLeaseTable(dynamodb.config, TABLE)
  const own = createClient(1000, dynamodb.config)
  const requests: Request[] = []
  const note = (operation: string) => void requests.push({ atMs: Date.now(), isWrite: operation === 'UpdateItem' })
  const leaser = new DynamoDBLeaser({ tableName: TABLE, client: counted(own, noUsage(), note) })
  using holder = await startProcesses(
    program,
    1,
    { way: 'the line', holdMs: TIMEOUT_MS, forMs: TIMEOUT_MS },
    dynamodb.env,
  )
  // It never comes to an end.
  holder.go().catch(() => undefined)
  while ((await leaser.inspect(KEY)).contenders.length === 0) await delay(20)
  const leases: Promise<Lease>[] = Array.from({ length: waiters }, () => leaser.acquire(KEY, { timeoutMs: TIMEOUT_MS }))
  // It has renewed once, and is between two renewals.
  await delay(4500)
  holder.kill()
  const { contenders } = await leaser.inspect(KEY)
  await Promise.race(leases)
  const takenMs = Date.now()
  await delay(AROUND_MS)
  for (const lease of leases) await (await lease).release()
  own.destroy()
  return takeoverOf(requests, contenders[0]!.aliveUntilMs - TTL_MS, takenMs)
}
