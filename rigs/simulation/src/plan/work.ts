import { Draws } from '../world/random.js'
import type { Settings } from './plan.js'

/** One thing that a caller wants done. */
export interface Work {
  id: string
  /** Before it begins. */
  pauseMs: number
  timeoutMs: number
  kind: 'writes' | 'transaction' | 'script'
  rows: string[]
  /** Before each row, for a transaction. */
  thinkMs: number[]
  rollsBack: boolean
  /** How much time the invocation has in which it is done; undefined where it is done outside of any. */
  invocationMs: number | undefined
}

/** No statement blocks, or takes, longer than so many leases. */
export const LONGEST_STATEMENT = 1.5
/** No caller computes between two statements for longer than so many leases. */
export const LONGEST_COMPUTATION = 2.5

/** The most that its turn can take, but for the COMMIT. */
export function longestMs({ kind, rows, thinkMs }: Work, ttlMs: number): number {
  const thinking = kind === 'transaction' ? thinkMs.reduce((sum, ms) => sum + ms, 0) : 0
  const computing = kind === 'transaction' ? rows.length * LONGEST_COMPUTATION * ttlMs : 0
  return thinking + computing + rows.length * LONGEST_STATEMENT * ttlMs
}

/** What a caller does next, as the seed has it. */
export function drawWork(seed: number, id: string, { ttlMs, longHolds, invocations }: Settings): Work {
  const draws = new Draws(seed, id)
  // From a stream of its own: what else a seed has stays as it was.
  const around = new Draws(seed, `${id}.invocation`)
  const kind = draws.pick('writes', 'writes', 'transaction', 'transaction', 'script')
  const rows = Array.from({ length: draws.whole(1, 4) }, (_, i) => `${id}.${i}`)
  return {
    id,
    kind,
    rows,
    pauseMs: draws.chance(0.5) ? 0 : draws.between(0, 0.5 * ttlMs),
    timeoutMs: draws.chance(0.3) ? draws.between(0.05, 1) * ttlMs : draws.between(1, 10) * ttlMs,
    thinkMs: rows.map(() =>
      draws.chance(longHolds) ? draws.between(0.1, LONGEST_STATEMENT) * ttlMs : draws.between(0, 20),
    ),
    rollsBack: draws.chance(0.1),
    invocationMs: around.chance(invocations) ? around.between(0.5, 10) * ttlMs : undefined,
  }
}
