// The service as it is deployed, on this machine. See local/arguments.ts.
import { serveFunctionUrl } from '@sqlite-efs/local-lambda'
import { openStage } from '../demo/stage.js'
import { type Arguments, readArguments, USAGE } from './arguments.js'
import { Deployment } from './deployment.js'
import { versionOf } from './node.js'

const EVENT = { id: 'opening-night', name: 'An evening on one file', startsAt: '2027-01-01T20:00:00Z' }

const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
})

process.exit(
  await run().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    return 1
  }),
)

/** @returns the exit code */
async function run(): Promise<number> {
  const given = readArguments(process.argv.slice(2))
  if (!given) {
    console.log(USAGE)
    return 0
  }
  await serve(given)
  return 0
}

/** Serves until it is stopped. */
async function serve({ port, environments, timeoutMs, node, database }: Arguments): Promise<void> {
  await using stage = await openStage(database)
  const { env } = stage
  const log = (line: string) => console.error(line)
  await using deployment = await Deployment.make({ env, environments, timeoutMs, node, log })
  const serving = async () => {
    await deployment.migrate()
    await deployment.openEvent({ ...EVENT, seats: 100, seatPrice: 4_500 })
    const { url } = await serveFunctionUrl(deployment.api, { port })
    console.log(`serving the booking service at ${url}
  in at most ${environments} environments on Node ${versionOf(node)}, frozen between invocations, killed after ${timeoutMs} ms
  on ${stage.path}, with the lease on a DynamoDB API in this process
try
  ${url}/?event=${EVENT.id} in a browser
  curl ${url}/events/${EVENT.id}
  curl ${url}/bookings --json '{"eventId":"${EVENT.id}","buyer":"Ada"}'
Ctrl-C ends all of it`)
    await stopped
  }
  // It may be stopped before it serves.
  await Promise.race([serving(), stopped])
}
