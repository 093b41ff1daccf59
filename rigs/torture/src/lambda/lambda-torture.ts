import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createLeaseTable } from '@sqlite-efs/lease'
import { startDynamoDB } from '@sqlite-efs/toolkit'
import { Random } from '@sqlite-efs/toolkit/random'
import { bundleProgram, bundleWorker } from '../bundle.js'
import { checkStalls, isInLine, leftBehind } from '../checks/check-lambda.js'
import { check } from '../checks/checker.js'
import { Collector, type History } from '../checks/collector.js'
import { readFinalState } from '../checks/final-state.js'
import { type Stalls, stalls } from '../checks/stalls.js'
import { heldAt } from '../checks/takeovers.js'
import type { Violation } from '../checks/violation.js'
import type { Fault } from '../faults/injector.js'
import { Metronome } from '../faults/metronome.js'
import { Pool } from '../pool.js'
import { countBy, type LambdaReport, type Report, reportOf, spread } from '../report.js'
import { closeScene, openScene, type TortureResult } from '../scene.js'
import { configurator, type TortureOptions } from '../torture.js'
import { TABLE } from '../worker/contestants.js'
import { firstAnswer, observe } from '../worker/observation.js'
import { Fleet } from './fleet.js'

/** A run's options, but for what other faults and contestants need. */
export type LambdaTortureOptions = Omit<TortureOptions, 'contestant' | 'freezeEveryMs' | 'sabotage'>

/**
 * Tortures the adapter in Lambda functions, half of them in `withLease`, on one file in a folder of its own.
 *
 * @throws Stopped
 */
export async function tortureLambda(options: LambdaTortureOptions): Promise<TortureResult> {
  const { writers, seed, ttlMs, maxClockSkewMs, killEveryMs, signal } = options
  const scene = await openScene()
  const { file, folder, logs } = scene
  await using dynamodb = await startDynamoDB()
  await createLeaseTable(dynamodb.config, TABLE)
  const readers = new Pool({
    program: await bundleWorker(),
    configure: configurator({ ...options, contestant: 'lease' }, file, logs),
    env: dynamodb.env,
    writers: 0,
    readers: 1,
    spares: 0,
  })
  const collector = new Collector(logs)
  using metronome = new Metronome()
  await using fleet = new Fleet({
    program: await bundleProgram('lambda/lambda-handler'),
    functions: writers,
    random: new Random(seed),
    env: dynamodb.env,
    ttlMs,
    killEveryMs,
    configure: (name) => ({
      role: 'writer',
      name,
      file,
      contestant: 'lease',
      ttlMs,
      maxClockSkewMs,
      log: join(logs, `${name}.log`),
      seed,
      tellers: 1,
      transactionMode: 'immediate',
      patience: 'patient',
    }),
  })
  let seconds = 0
  try {
    readers.start()
    fleet.start()
    await firstAnswer(collector, signal)
    seconds = await observe({
      seconds: options.seconds,
      collector,
      signal,
      onProgress: options.onProgress,
      faults: () => summary(fleet),
      isEnough: () => options.isEnough?.(fleet.faults, {}) ?? true,
    })
    await fleet.stop()
  } finally {
    await fleet[Symbol.asyncDispose]()
    await readers.stop()
    if (signal?.aborted) await rm(folder, { recursive: true })
  }
  collector.collect()
  const { histories } = collector
  const report = judge({ options, seconds, file, histories, fleet, metronome, accidents: readers.accidents })
  return closeScene(scene, report, { faults: fleet.faults, thaws: fleet.thaws }, options.keep)
}

function summary({ faults, functions }: Fleet): string {
  const of = (kind: Fault['kind']) => faults.filter((fault) => fault.kind === kind).length
  const invocations = functions.reduce((sum, { invocations }) => sum + invocations.length, 0)
  return `${invocations} invocations, ${of('kill at its timeout')} timeouts, ${of('freeze in a transaction')} freezes in a transaction`
}

interface Evidence {
  options: LambdaTortureOptions
  seconds: number
  file: string
  histories: readonly History[]
  fleet: Fleet
  metronome: Metronome
  accidents: readonly string[]
}

function judge({ options, seconds, file, histories, fleet, metronome, accidents }: Evidence): Report {
  const { seed, writers, ttlMs, maxClockSkewMs } = options
  const { faults, functions } = fleet
  const state = readFinalState(file)
  const rules = { holdsErrorsToTheirWord: true, holdsReads: true }
  const stallRules = { ttlMs, maxClockSkewMs, lateMs: (from: number, to: number) => metronome.lateMs(from, to) }
  const found = stalls(histories, faults, fleet.thaws)
  const leased = new Set(functions.filter(({ isLeased }) => isLeased).map(({ name }) => name))
  const isLeased = ({ name }: Fault) => leased.has(name.slice(0, name.lastIndexOf('-')))
  const violations = [
    ...check(histories, state, rules),
    ...checkStalls(found, stallRules),
    ...leftBehind(histories, faults.filter(isLeased), stallRules),
    ...[...accidents, ...functions.flatMap((each) => each.accidents)].map(
      (detail): Violation => ({ kind: 'accident', detail }),
    ),
  ]
  return reportOf({
    run: { contestant: 'lease', seed, seconds, writers, ttlMs, maxClockSkewMs },
    violations,
    rules,
    network: {},
    histories,
    faults,
    dirtyReads: 0,
    entryIds: state.entries.map(({ transferId }) => transferId),
    lambda: lambdaReportOf(histories, fleet, found),
  })
}

function lambdaReportOf(histories: readonly History[], { faults, functions }: Fleet, found: Stalls): LambdaReport {
  const byName = new Map(histories.map((history) => [history.name, history]))
  const has = ({ name, at }: Fault) => {
    const history = byName.get(name)
    if (heldAt(history, at) !== undefined) return 'with the lease'
    return isInLine(history, at) ? 'in line' : 'with neither'
  }
  const waits = (all: Stalls['ofLease']) =>
    spread(all.flatMap(({ waitedMs }) => (waitedMs > 0 ? [waitedMs] : [])).toSorted((a, b) => a - b))
  const freezes = faults.filter(({ kind }) => kind.startsWith('freeze'))
  const timeouts = faults.filter(({ kind }) => kind === 'kill at its timeout')
  return {
    invocations: countBy(functions.flatMap(({ invocations }) => invocations)),
    coldStarts: histories.filter((history) => functions.some(({ name }) => history.name.startsWith(`${name}-`))).length,
    timeouts: { 'with the lease': 0, 'in line': 0, 'with neither': 0, ...countBy(timeouts.map(has)) },
    frozenWithLease: freezes.filter((fault) => has(fault) === 'with the lease').length,
    leaseStallMs: waits(found.ofLease),
    writeStallMs: waits(found.ofWrites),
    lockStallMs: waits(found.byLocks),
  }
}
