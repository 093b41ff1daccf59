import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createLeaseTable, DynamoDBLeaser } from '@sqlite-efs/lease'
import { startDynamoDB } from '@sqlite-efs/toolkit'
import { Random } from '@sqlite-efs/toolkit/random'
import { bundleWorker } from './bundle.js'
import { checkReads } from './checks/check-reads.js'
import { check, type Rules } from './checks/checker.js'
import { Collector, type History } from './checks/collector.js'
import { readFinalState } from './checks/final-state.js'
import type { Violation } from './checks/violation.js'
import { type Fault, Injector } from './faults/injector.js'
import { FaultyProxy } from './faults/proxy.js'
import { Pool } from './pool.js'
import { type Report, reportOf } from './report.js'
import { closeScene, openScene, type TortureResult } from './scene.js'
import type { Contestant } from './worker/contestant.js'
import { TABLE } from './worker/contestants.js'
import { firstAnswer, observe } from './worker/observation.js'
import type { WorkerConfig } from './worker/worker-config.js'

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

/**
 * Tortures one contestant on one file in a folder of its own.
 *
 * @throws Stopped
 */
export async function torture(options: TortureOptions): Promise<TortureResult> {
  const { contestant, writers, seed, ttlMs } = options
  const scene = await openScene()
  const { folder, file, logs } = scene

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
    seconds = await observe({
      seconds: options.seconds,
      collector,
      signal: options.signal,
      onProgress: options.onProgress,
      faults: () => {
        const kills = injector.faults.filter(({ kind }) => kind.startsWith('kill')).length
        return `${kills} kills, ${injector.faults.length - kills} freezes`
      },
      isEnough: () => options.isEnough?.(injector.faults, proxy.counts) ?? true,
      onLook: () => options.sabotage?.during?.(file),
    })
  } finally {
    await injector[Symbol.asyncDispose]()
    await pool.stop()
    if (options.signal?.aborted) await rm(folder, { recursive: true })
  }
  collector.collect()
  options.sabotage?.after?.(file)
  const { faults, weather } = injector
  const report = judge({ options, seconds, file, histories: collector.histories, faults, network: proxy.counts, pool })
  return closeScene(scene, report, { faults, weather }, options.keep)
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

/** What the processes of a run are told, each by its role. */
export function configurator(
  options: Pick<TortureOptions, 'contestant' | 'seed' | 'ttlMs' | 'maxClockSkewMs'>,
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
    const pid = Number(contenders[0]?.owner.split(':').at(-1))
    return Number.isInteger(pid) ? pid : undefined
  }
}
