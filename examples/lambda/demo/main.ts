// 400 buyers, 100 seats, 8 instances of the service, one of which dies in the middle. See README.md.
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import Database from 'libsql'
import { audit, type Findings } from './audit.js'
import { buy, Tally } from './buyers.js'
import { report } from './report.js'
import { type Stage, seed, setStage } from './stage.js'
import { killHolder, takenOver } from './takeover.js'
import { Workers } from './workers.js'

const EVENT = 'opening-night'
const SEATS = 100
const REQUESTS = 400
const WORKERS = 8
const KILL_AFTER = 50
/** Then it is counted what there is. */
const PATIENCE_MS = 50_000

const { values: options } = parseArgs({
  options: {
    /** SQL to run on the file before it is checked: shows that the checks can fail. */
    tamper: { type: 'string' },
  },
})

const stopped = new Promise<never>((_, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => reject(new Error(`stopped by ${signal}`)))
})

// It may come before anybody looks.
stopped.catch(() => undefined)

// Buyers and timers may still be under way when it was stopped.
process.exit(
  await run().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    return 1
  }),
)

/** @returns the exit code */
async function run(): Promise<number> {
  await using stage = await setStage()
  await using workers = new Workers({ ...process.env, ...stage.env, AWS_LAMBDA_FUNCTION_NAME: 'booking' })
  return await Promise.race([sell(stage, workers), stopped])
}

async function sell(stage: Stage, workers: Workers): Promise<number> {
  say(`one event with ${SEATS} seats in ${stage.path}, and the lease on a DynamoDB API in this process`)
  await seed(stage, { id: EVENT, seats: SEATS })
  say(`starting ${WORKERS} instances of the booking service`)
  await Promise.all(Array.from({ length: WORKERS }, () => workers.start()))

  say(`${REQUESTS} buyers at once`)
  const startedMs = performance.now()
  const tally = new Tally()
  const progress = setInterval(() => {
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(0).padStart(3)
    say(`${seconds} s  sold ${tally.sales.length}, refused ${tally.refused} of ${REQUESTS}`)
  }, 1000)
  const buyers = Array.from({ length: REQUESTS }, (_, index) => buy(workers, EVENT, `buyer ${index + 1}`, tally))
  try {
    let takeoverMs = Number.NaN
    const died = accident(stage, workers, tally).then((ms) => {
      takeoverMs = ms
    })
    await Promise.race([Promise.all([died, ...buyers]), wait(PATIENCE_MS)])
    const sellingMs = performance.now() - startedMs
    const { ticket } = await stage.leaser.inspect(stage.leaseKey)
    await workers[Symbol.asyncDispose]()
    if (options.tamper) tamper(stage.path, options.tamper)
    say('')
    const { lines, good } = report({
      seats: SEATS,
      requests: REQUESTS,
      tally,
      tickets: ticket,
      takeoverMs,
      sellingMs,
      findings: check(stage.path, tally),
    })
    for (const line of lines) say(line)
    return good ? 0 : 1
  } finally {
    clearInterval(progress)
  }
}

/** Kills the instance that holds the lease, starts another, and resolves with how long nobody could write. */
async function accident(stage: Stage, workers: Workers, tally: Tally): Promise<number> {
  await tally.reached(KILL_AFTER)
  const { leaser, leaseKey } = stage
  const { pid, id } = await killHolder(leaser, leaseKey, (who) => workers.pids.find((each) => who.endsWith(`:${each}`)))
  const diedMs = performance.now()
  say(
    `instance ${pid} got SIGKILL while it held the lease, which ends by itself within ${leaser.ttlMs} ms; another one starts`,
  )
  const takeover = takenOver(leaser, leaseKey, id).then(() => performance.now() - diedMs)
  const [takeoverMs] = await Promise.all([takeover, workers.start()])
  return takeoverMs
}

function check(path: string, tally: Tally): Findings {
  try {
    return audit(path, EVENT, tally.sales)
  } catch (error) {
    return { sold: 0, oversold: 0, lost: tally.sales.length, problems: [`the file can't be read: ${String(error)}`] }
  }
}

function tamper(path: string, sql: string): void {
  const db = new Database(path)
  db.exec(sql)
  db.close()
}

function say(line: string): void {
  console.log(line)
}
