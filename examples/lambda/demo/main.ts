// 400 buyers, 100 seats, 8 environments of the deployed function, one of which dies in the middle. See README.md.
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { LocalFunction } from '@sqlite-efs/local-lambda'
import Database from 'libsql'
import { Deployment } from '../local/deployment.js'
import { findNode, versionOf } from '../local/node.js'
import { audit, type Findings } from './audit.js'
import { buy, Tally } from './buyers.js'
import { report } from './report.js'
import { request } from './request.js'
import { openStage, type Stage, seed } from './stage.js'
import { killHolder, takenOver } from './takeover.js'

const EVENT = 'opening-night'
const SEATS = 100
const REQUESTS = 400
const ENVIRONMENTS = 8
/** As in infra/booking-stack.ts. */
const TIMEOUT_MS = 15_000
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
  await using stage = await openStage()
  const node = findNode()
  say(`bundling the functions as they are deployed, to run them on Node ${versionOf(node)}`)
  await using deployment = await Deployment.make({
    env: stage.env,
    environments: ENVIRONMENTS,
    timeoutMs: TIMEOUT_MS,
    node,
    log: (line) => console.error(line),
  })
  return await Promise.race([sell(stage, deployment), stopped])
}

async function sell(stage: Stage, deployment: Deployment): Promise<number> {
  const { api } = deployment
  say(`one event with ${SEATS} seats in ${stage.path}, and the lease on a DynamoDB API in this process`)
  await deployment.migrate()
  await seed(stage, { id: EVENT, seats: SEATS })
  say(`starting ${ENVIRONMENTS} environments of the booking service, frozen whenever they have nothing to do`)
  await Promise.all(Array.from({ length: ENVIRONMENTS }, () => api.invoke(request('GET', '/health'))))

  say(`${REQUESTS} buyers at once`)
  const startedMs = performance.now()
  const tally = new Tally()
  const progress = setInterval(() => {
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(0).padStart(3)
    say(`${seconds} s  sold ${tally.sales.length}, refused ${tally.refused} of ${REQUESTS}`)
  }, 1000)
  const buyers = Array.from({ length: REQUESTS }, (_, index) => buy(api, EVENT, `buyer ${index + 1}`, tally))
  try {
    let takeoverMs = Number.NaN
    const died = accident(stage, api, tally).then((ms) => {
      takeoverMs = ms
    })
    await Promise.race([Promise.all([died, ...buyers]), wait(PATIENCE_MS)])
    const sellingMs = performance.now() - startedMs
    const { ticket } = await stage.leaser.inspect(stage.leaseKey)
    await api[Symbol.asyncDispose]()
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

/** Kills the environment that holds the lease, and resolves with how long nobody could write; another one is started for the next buyer. */
async function accident(stage: Stage, api: LocalFunction, tally: Tally): Promise<number> {
  await tally.reached(KILL_AFTER)
  const { leaser, leaseKey } = stage
  const { pid, id } = await killHolder(leaser, leaseKey, api)
  const diedMs = performance.now()
  say(
    `environment ${pid} got SIGKILL while it held the lease, which ends by itself within ${leaser.ttlMs} ms; another one starts`,
  )
  await takenOver(leaser, leaseKey, id)
  return performance.now() - diedMs
}

function check(path: string, tally: Tally): Findings {
  try {
    return audit(path, EVENT, tally.sales)
  } catch (error) {
    return { sold: 0, oversold: 0, lost: tally.sales.length, problems: [`the file can't be read: ${String(error)}`] }
  }
}

function tamper(path: string, sql: string): void {
  const db = new Database(`file:${path}?vfs=unix`)
  db.exec(sql)
  db.close()
}

function say(line: string): void {
  console.log(line)
}
