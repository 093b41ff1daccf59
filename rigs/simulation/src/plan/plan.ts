import type { FileLocks } from '../process/file.js'
import { Draws } from '../world/random.js'

/** How bad the network is, each as the share of requests that it happens to. */
export interface Weather {
  lostRequest: number
  lostAnswer: number
  duplicate: number
  lateRequest: number
  lateAnswer: number
  throttled: number
  stale: number
  /** Joins alone: late requests, and slow answers to the reads that settle them. */
  slowJoin: number
}

export type Skew = 'allowed' | 'beyond'

/** What makes a run more of one kind than of others. Nothing in it is out of the ordinary: only its share. */
export type Bias =
  | 'none'
  | 'long holds'
  | 'computations'
  | 'slow joins'
  | 'slow commits'
  | 'freezes'
  | 'wrong clocks'
  | 'lost tables'
  | 'locked file'

export interface PlanOptions {
  seed: number
  skew?: Skew
  bias?: Bias
  locks?: FileLocks
}

export interface Settings {
  ttlMs: number
  maxClockSkewMs: number
  requestTimeoutMs: number
  maxHoldMs: number
  release: 'background' | 'before-answer'
  locks: FileLocks
  /** The ticket that was handed out last before the run. */
  firstTicket: number
  /** One way. */
  latencyMs: readonly [number, number]
  stormMs: number
  weather: Weather
  /** How likely a statement or a pause in a transaction is a long one. */
  longHolds: number
  /** The share of statements that block their process. */
  blockingStatements: number
  /** The share of statements of a transaction before which its caller uses the only thread for long. */
  computations: number
  /** The share of what callers want done that is done in an invocation of a Lambda function. */
  invocations: number
  /** The share of COMMITs that take long. */
  slowCommits: number
  /** The share of COMMITs that meet an I/O error. */
  failedCommits: number
  /** The share of COMMITs that meet somebody who reads the file, and does not ask for the lease. */
  readCommits: number
}

export interface HostPlan {
  id: string
  skewMs: number
  callers: number
}

export type TimedFault = { id: string; atMs: number } & (
  | { kind: 'freeze'; host: string; forMs: number; timersFirst: boolean }
  /** `lockedMs`: how long its locks outlive it, where the file server does not know that it died. */
  | { kind: 'kill'; host: string; restartAfterMs: number; lockedMs: number }
  /** The wall clock is set, within what is allowed. */
  | { kind: 'set clock'; host: string; skewMs: number }
  /** The wall clock is far off, which DynamoDB's `Date` proves, and is set right again. */
  | { kind: 'wrong clock'; host: string; byMs: number; forMs: number }
  /** Somebody who does not ask for the lease holds the file. */
  | { kind: 'locked file'; forMs: number }
  /** All processes die, the table is made anew, and they begin again. */
  | { kind: 'lost table'; restartAfterMs: number }
)

export interface Plan {
  options: PlanOptions
  settings: Settings
  hosts: HostPlan[]
  faults: TimedFault[]
}

/** Everything about a run that is known before it begins; the seed decides the rest too, as it comes up: see `Storm`. */
export function drawPlan(options: PlanOptions): Plan {
  const { seed, skew = 'allowed', bias = 'none' } = options
  const draws = new Draws(seed, 'plan')
  const settings = drawSettings(draws, options)
  const { ttlMs, maxClockSkewMs, stormMs } = settings
  // Each within half of what is allowed of true time, so that no two are further apart.
  const span = skew === 'beyond' ? 1.5 : 0.5
  const anySkew = () => draws.between(-span, span) * maxClockSkewMs
  const hosts = Array.from({ length: draws.whole(2, 7) }, (_, i) => ({
    id: `m${i}`,
    skewMs: draws.chance(0.7) ? anySkew() : draws.pick(-span, span) * maxClockSkewMs,
    callers: draws.pick(1, 1, 2),
  }))
  const faults: TimedFault[] = []
  const kinds = kindsOf(bias)
  for (let i = draws.whole(2, 14); i > 0; i--) {
    const id = `f${faults.length}`
    const atMs = draws.between(0, stormMs)
    const host = hosts[draws.whole(0, hosts.length)]!.id
    const kind = kinds[draws.whole(0, kinds.length)]!
    if (kind === 'freeze') {
      const forMs = draws.chance(0.5) ? draws.between(0, ttlMs) : draws.between(0.5, 2.5) * ttlMs
      faults.push({ id, atMs, kind, host, forMs, timersFirst: draws.chance(0.5) })
    } else if (kind === 'kill') {
      const lockedMs = draws.chance(0.3) ? draws.between(0, 2 * ttlMs) : 0
      faults.push({ id, atMs, kind, host, restartAfterMs: draws.between(0, ttlMs), lockedMs })
    } else if (kind === 'set clock') faults.push({ id, atMs, kind, host, skewMs: anySkew() })
    else if (kind === 'wrong clock') {
      // So far that every answer proves it, late ones too: a Date has whole seconds.
      const backMs = maxClockSkewMs + 1200 + draws.between(0, 2 * ttlMs)
      const byMs = new Draws(seed, `${id}.ahead`).chance(0.25) ? backMs + 1.5 * ttlMs : -backMs
      faults.push({ id, atMs, kind, host, byMs, forMs: draws.between(0.2, 1.5) * ttlMs })
    } else if (kind === 'locked file') faults.push({ id, atMs, kind, forMs: draws.between(0, 1.2 * ttlMs) })
    else faults.push({ id, atMs, kind, restartAfterMs: draws.between(0, ttlMs) })
  }
  // A clock that is set back while the other one stands still shows a time that no rule can make good.
  const freezes = new Set(faults.flatMap((it) => (it.kind === 'freeze' ? [it.host] : [])))
  return { options, settings, hosts, faults: faults.filter((it) => it.kind !== 'wrong clock' || !freezes.has(it.host)) }
}

function drawSettings(draws: Draws, { seed, bias = 'none', locks }: PlanOptions): Settings {
  const ttlMs = draws.pick(500, 600, 800, 1200)
  const maxClockSkewMs = Math.round(ttlMs / draws.pick(8, 12, 20))
  return {
    ttlMs,
    maxClockSkewMs,
    requestTimeoutMs: Math.round((ttlMs - maxClockSkewMs) / draws.pick(4, 5, 8)),
    maxHoldMs: draws.pick(0, 40, 250),
    release: draws.pick('background', 'before-answer'),
    locks: locks ?? draws.pick<FileLocks>('off', 'off', 'kept', 'dropped after a silence'),
    // So high that a new table would not catch up with it by itself.
    firstTicket: draws.pick(0, 5000, 2 ** 31 - 8),
    latencyMs: draws.pick([0.5, 3], [1, 6], [2, 15]),
    stormMs: ttlMs * draws.between(2, 5),
    weather: drawWeather(draws, bias),
    longHolds: bias === 'long holds' ? 0.5 : draws.pick(0.02, 0.1, 0.25),
    // From a stream of its own: what else a seed has stays as it was.
    computations: bias === 'computations' ? 0.3 : new Draws(seed, 'computations').pick(0, 0.02, 0.1),
    invocations: new Draws(seed, 'invocations').pick(0, 0.3, 1),
    blockingStatements: bias === 'wrong clocks' ? 0.3 : 0.05,
    slowCommits: bias === 'slow commits' ? 0.9 : 0.3,
    failedCommits: draws.pick(0, 0.02, 0.1),
    readCommits: bias === 'locked file' ? 0.5 : draws.pick(0, 0.02, 0.1),
  }
}

function drawWeather(draws: Draws, bias: Bias): Weather {
  const share = (usual: number) => usual * draws.pick(0, 1, 1, 2.5)
  return {
    lostRequest: share(0.025),
    lostAnswer: share(0.025),
    duplicate: share(0.04),
    lateRequest: bias === 'long holds' ? 0.15 : share(0.05),
    lateAnswer: share(0.05),
    throttled: share(0.04),
    stale: share(0.1),
    slowJoin: bias === 'slow joins' ? 0.6 : share(0.05),
  }
}

function kindsOf(bias: Bias): TimedFault['kind'][] {
  const usual: TimedFault['kind'][] = [
    ...Array.from({ length: 6 }, () => 'freeze' as const),
    ...Array.from({ length: 3 }, () => 'kill' as const),
    'set clock',
    'wrong clock',
    'locked file',
  ]
  if (bias === 'computations') return ['freeze', 'freeze', 'set clock']
  if (bias === 'freezes' || bias === 'slow joins') return [...usual, ...usual.map(() => 'freeze' as const)]
  if (bias === 'wrong clocks' || bias === 'slow commits') return [...usual, ...usual.map(() => 'wrong clock' as const)]
  if (bias === 'locked file') return [...usual, ...usual.map(() => 'locked file' as const)]
  return bias === 'lost tables' ? [...usual, 'lost table', 'lost table'] : [...usual, 'lost table']
}
