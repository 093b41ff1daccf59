// A process of its own that takes one turn after the other. Its first message says that it is ready, its second what came of it.
import { setTimeout as delay } from 'node:timers/promises'
import { GetItemCommand } from '@aws-sdk/client-dynamodb'
import { createClient, systemClock } from '@sqlite-efs/lease/internal'
import type { Contended, Order } from './contention-of-processes.js'
import { KEY, lockOf, mean, noTurns, TABLE, takeTurns } from './contest.js'
import { counted, noUsage } from './usage.js'

const order = JSON.parse(process.argv[2] ?? '') as Order

/** What the network would take on each way; the rest of a round trip is what this machine takes. */
const ONE_WAY_MS = 2
const near = createClient(1000)
const roundTripsMs: number[] = []
const send = async (command: never, options: never) => {
  const sentMs = performance.now()
  await delay(ONE_WAY_MS)
  try {
    return await near.send(command, options)
  } finally {
    await delay(ONE_WAY_MS)
    roundTripsMs.push(performance.now() - sentMs)
  }
}
const far = { config: near.config, send, destroy: () => near.destroy() } as unknown as typeof near

const usage = noUsage()
const lock = lockOf(order.way, { client: counted(far, usage), clock: systemClock, random: Math.random })
const turns = noTurns()
// Its socket is open, and its code compiled, before it counts.
for (let i = 0; i < 10; i++) await near.send(new GetItemCommand({ TableName: TABLE, Key: { pk: { S: `not ${KEY}` } } }))

process.once('message', () => {
  const endMs = performance.now() + order.forMs
  void takeTurns(lock, turns, {
    clock: systemClock,
    holdMs: order.holdMs,
    goesOn: () => performance.now() < endMs,
  }).then(() => {
    const contended: Contended = { ...turns, usage, roundTripMs: mean(roundTripsMs) }
    process.send?.(contended, () => process.exit(0))
  })
})
process.send?.('ready')
