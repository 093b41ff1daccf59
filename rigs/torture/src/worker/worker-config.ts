import type { Contestant } from './contestant.js'

/** What a worker process is told. */
export interface WorkerConfig {
  /** A writer makes transfers and looks at what it did; a reader only looks. */
  role: 'writer' | 'reader'
  /** Unique among all workers of a run, the dead included: part of its transfers' ids. */
  name: string
  /** The bank's file, as this machine sees it. */
  file: string
  /** Where the worker's history is appended to: a file on a local disk, or `-` for the standard output. */
  log: string
  contestant: Contestant
  /** What the lease is taken on: the same on every machine. Default: the adapter's, by the file's path. */
  leaseKey?: string
  ttlMs: number
  maxClockSkewMs: number
  seed: number
  /** How many sequences of transfers the worker makes at once. */
  tellers: number
  transactionMode: 'immediate' | 'deferred'
  /**
   * How long writes wait: `endless` until a transaction is through, `patient` long enough for most faults, `default` as the adapter
   * does, `hasty` so shortly that many fail (P1008, P2028).
   */
  patience: 'endless' | 'patient' | 'default' | 'hasty'
}

const VARIABLE = 'TORTURE_WORKER'

/** The environment that tells a worker its configuration. */
export const toEnvironment = (config: WorkerConfig): Record<string, string> => ({ [VARIABLE]: JSON.stringify(config) })

/** @throws Error where there is none */
export function fromEnvironment(env: NodeJS.ProcessEnv): WorkerConfig {
  const text = env[VARIABLE]
  if (!text) throw new Error(`${VARIABLE} is not set: it is to hold a WorkerConfig as JSON`)
  return JSON.parse(text) as WorkerConfig
}
