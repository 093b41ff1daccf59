import { realpathSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLeaseTable, DynamoDBLeaser } from '@sqlite-efs/lease'
import { startDynamoDB } from '@sqlite-efs/testing'
import { createBank } from './bank.js'
import { bundleWorker } from './bundle.js'
import { checkReads } from './check-reads.js'
import { check, type Rules, type Violation } from './checker.js'
import { Collector, type History } from './collector.js'
import { type Contestant, TABLE } from './contestants.js'
import { readFinalState } from './final-state.js'
import { type Fault, Injector } from './injector.js'
import { Pool } from './pool.js'
import { FaultyProxy } from './proxy.js'
import { Random } from './random.js'
import { type Report, reportOf } from './report.js'
import type { WorkerConfig } from './worker-config.js'

/** What a run is to be. */
export interface TortureOptions {
  contestant: Contestant
  seconds: number
  writers: number
  seed: number
  ttlMs: number
  maxClockSkewMs: number
  /** Time between two kills, and between two freezes, on average. */
  killEveryMs: number
  freezeEveryMs: number
  /** Asked when the time is up: a slow machine may need more of it, up to `PATIENCE` times as much. */
  isEnough?(faults: readonly Fault[], network: FaultyProxy['counts']): boolean
  /** Hears how it goes every few seconds, and of each violation that the workers see themselves. */
  onProgress?(line: string): void
  /** Whether the file and the logs are kept although all went well. */
  keep?: boolean
  /** Ends the run before its time, and everything that it has started. */
  signal?: AbortSignal
  /** What a test does to the file, to show that it is found: while all goes on, and when all is over. */
  sabotage?: { during?(file: string): void; after?(file: string): void }
}

/** A report, and where the file and the workers' logs are, if they were kept. */
export interface TortureResult {
  report: Report
  /** Kept where something was violated, or it was asked for. */
  folder: string | undefined
}

/** The run was ended by its `signal`: there is no report, and nothing is left of it. */
export class Stopped extends Error {}

const PROGRESS_MS = 5000
const START_MS = 60_000
const PATIENCE = 4

/**
 * Tortures one contestant on one file in a folder of its own.
 *
 * @throws Stopped
 */
export async function torture(options: TortureOptions): Promise<TortureResult> {
  const { contestant, writers, seed, ttlMs } = options
  const folder = realpathSync(await mkdtemp(join(tmpdir(), 'torture-')))
  const file = join(folder, 'bank.db')
  const logs = join(folder, 'logs')
  await mkdir(logs)
  await createBank(file)

  await using dynamodb = await startDynamoDB()
  await createLeaseTable(dynamodb.config, TABLE)
  await using proxy = new FaultyProxy(Number(new URL(dynamodb.config.endpoint).port), ttlMs, new Random(seed + 1))
  const port = await proxy.listen()
  const env = { ...dynamodb.env, AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${port}` }
  const pool = new Pool({
    program: await bundleWorker(),
    configure: configurator(options, file, logs),
    env,
    writers,
    readers: 1,
    spares: Math.max(2, Math.ceil(writers / 2)),
  })
  const collector = new Collector(logs)
  const injector = new Injector({
    pool,
    proxy,
    file,
    ttlMs,
    hasFileLocks: hasFileLocks(contestant),
    random: new Random(seed),
    killEveryMs: options.killEveryMs,
    freezeEveryMs: options.freezeEveryMs,
    holder: holderOf(dynamodb.env, file),
  })
  let seconds = 0
  try {
    pool.start()
    await firstAnswer(collector, options.signal)
    injector.start()
    seconds = await observe(options, { collector, injector, proxy, file })
  } finally {
    await injector[Symbol.asyncDispose]()
    await pool.stop()
    if (options.signal?.aborted) await rm(folder, { recursive: true })
  }
  collector.collect()
  options.sabotage?.after?.(file)
  const { faults, weather } = injector
  const report = judge({ options, seconds, file, histories: collector.histories, faults, network: proxy.counts, pool })
  if (report.details.length === 0 && !options.keep) {
    await rm(folder, { recursive: true })
    return { report, folder: undefined }
  }
  await writeFile(join(folder, 'report.json'), JSON.stringify(report, null, 2))
  await writeFile(join(folder, 'faults.json'), JSON.stringify({ faults, weather }))
  return { report, folder }
}

interface Evidence {
  options: TortureOptions
  seconds: number
  file: string
  histories: readonly History[]
  faults: readonly Fault[]
  network: FaultyProxy['counts']
  pool: Pool
}

function judge({ options, seconds, file, histories, faults, network, pool }: Evidence): Report {
  const { contestant, seed, writers, ttlMs, maxClockSkewMs } = options
  const rules: Rules = {
    holdsErrorsToTheirWord: !contestant.startsWith('official'),
    holdsReads: hasFileLocks(contestant),
  }
  const state = readFinalState(file)
  const accidents = pool.accidents.map((detail): Violation => ({ kind: 'accident', detail }))
  return reportOf({
    run: { contestant, seed, seconds, writers, ttlMs, maxClockSkewMs },
    violations: [...check(histories, state, rules), ...accidents],
    rules,
    network,
    histories,
    faults,
    dirtyReads: rules.holdsReads ? 0 : checkReads(histories, state.entries).length,
    entryIds: state.entries.map(({ transferId }) => transferId),
  })
}

const hasFileLocks = (contestant: Contestant) => !contestant.includes('without-file-locks') && contestant !== 'nothing'

/** Nobody is harmed before somebody is at work: loading takes seconds. */
async function firstAnswer(collector: Collector, signal: AbortSignal | undefined): Promise<void> {
  const deadlineMs = performance.now() + START_MS
  while (!collector.collect().some(({ type }) => type === 'ack' || type === 'fail')) {
    if (performance.now() > deadlineMs)
      throw new Error(`no write had an answer within ${START_MS} ms, without any fault`)
    await pause(50, signal)
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return sleep(ms, undefined, signal && { signal }).catch((cause: unknown) => {
    throw new Stopped('The run was ended before its time', { cause })
  })
}

interface Scene {
  collector: Collector
  injector: Injector
  proxy: FaultyProxy
  file: string
}

/** Watches until it is over, and says how many seconds that took. */
async function observe(
  { seconds, onProgress = () => {}, sabotage, isEnough = () => true, signal }: TortureOptions,
  { collector, injector, proxy, file }: Scene,
): Promise<number> {
  const startedMs = performance.now()
  let [acknowledged, failed, reads, violations] = [0, 0, 0, 0]
  for (;;) {
    const leftMs = seconds * 1000 - (performance.now() - startedMs)
    await pause(leftMs > 0 ? Math.min(PROGRESS_MS, leftMs) : 1000, signal)
    for (const record of collector.collect()) {
      if (record.type === 'ack') acknowledged++
      if (record.type === 'fail') failed++
      if (record.type === 'read') reads++
      if (record.type === 'violation' && ++violations <= 10) onProgress(`VIOLATION (${record.what}): ${record.detail}`)
    }
    const kills = injector.faults.filter(({ kind }) => kind.startsWith('kill')).length
    const at = Math.round((performance.now() - startedMs) / 1000)
    onProgress(
      `${at} s: ${acknowledged} acknowledged, ${failed} failed, ${reads} reads; ${kills} kills, ${injector.faults.length - kills} freezes`,
    )
    const isOver = at >= seconds && isEnough(injector.faults, proxy.counts)
    if (isOver || at >= seconds * PATIENCE) return at
    sabotage?.during?.(file)
  }
}

function configurator(
  options: TortureOptions,
  file: string,
  logs: string,
): (role: WorkerConfig['role']) => WorkerConfig {
  const { contestant, seed, ttlMs, maxClockSkewMs } = options
  const random = new Random(seed + 2)
  let count = 0
  return (role) => {
    const name = `${role.slice(0, 1)}${++count}`
    return {
      role,
      name,
      file,
      contestant,
      ttlMs,
      maxClockSkewMs,
      log: join(logs, `${name}.log`),
      seed: seed + 100 + count,
      tellers: 3,
      // A deferred transaction reads before it has the lease: without file locks it could read what is half written.
      transactionMode: contestant === 'lease' && random.chance(role === 'reader' ? 1 : 0.3) ? 'deferred' : 'immediate',
      patience: random.weighted({ patient: 60, default: 35, hasty: 5 }),
    }
  }
}

/** Asks the line itself, past the proxy. */
function holderOf(env: Readonly<Record<string, string>>, file: string): () => Promise<number | undefined> {
  Object.assign(process.env, env)
  const leaser = new DynamoDBLeaser({ tableName: TABLE })
  return async () => {
    const { contenders } = await leaser.inspect(`database#${file}`)
    const pid = Number(contenders[0]?.who.split(':').at(-1))
    return Number.isInteger(pid) ? pid : undefined
  }
}
