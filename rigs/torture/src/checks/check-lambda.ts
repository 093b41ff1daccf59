import type { Fault } from '../faults/injector.js'
import { MARGIN_MS } from '../lambda/errands.js'
import type { History } from './collector.js'
import type { Stalls } from './stalls.js'
import { heldAt } from './takeovers.js'
import type { Violation } from './violation.js'

/** How long anybody may be kept waiting. */
export interface StallRules {
  ttlMs: number
  maxClockSkewMs: number
  /** By how much the machine was late between two times. */
  lateMs(from: number, to: number): number
}

/**
 * Holds everybody to `ttlMs` + `maxClockSkewMs`, what the machine was late by meanwhile, and half a lease: for the pause between two looks of
 * who stands far back in the line, and for what is to be done once the turn has come.
 */
export function checkStalls({ ofLease, ofWrites }: Stalls, rules: StallRules): Violation[] {
  const limitMs = 1.5 * rules.ttlMs + rules.maxClockSkewMs
  return Object.entries({ lease: ofLease, write: ofWrites }).flatMap(([what, all]) =>
    all.flatMap(({ from, to, waitedMs, cause }): Violation[] => {
      const lateMs = rules.lateMs(from, to)
      if (waitedMs <= limitMs + lateMs) return []
      const detail = `no ${what} for ${Math.round(waitedMs)} ms (the machine was late by ${Math.round(lateMs)} ms) after: ${cause}, at ${from}`
      return [{ kind: 'stall', detail }]
    }),
  )
}

/**
 * What an environment in `withLease` was frozen, or ended, with. At its timeout it has half of the margin for giving back, which a machine
 * that is late takes away.
 */
export function leftBehind(
  histories: readonly History[],
  faults: readonly Fault[],
  { lateMs }: Pick<StallRules, 'lateMs'>,
): Violation[] {
  const byName = new Map(histories.map((history) => [history.name, history]))
  return faults.flatMap(({ name, kind, at, isLocking }): Violation[] => {
    const isTimeout = kind === 'kill at its timeout'
    if (!kind.startsWith('freeze') && !isTimeout) return []
    if (isTimeout && lateMs(at - MARGIN_MS, at) > MARGIN_MS / 4) return []
    const token = heldAt(byName.get(name), at)
    const what = [
      ...(isLocking ? ['locks on the file'] : []),
      ...(token === undefined ? [] : [`the lease ${token}`]),
      ...(isInLine(byName.get(name), at) ? ['a place in line'] : []),
    ]
    return what.length === 0 ? [] : [{ kind: 'left behind', detail: `${name}, ${kind} at ${at}: ${what.join(', ')}` }]
  })
}

/** Whether somebody waits for the lease. */
export function isInLine(history: History | undefined, at: number): boolean {
  let isWaiting = false
  for (const record of history?.records ?? []) {
    if (record.at > at) break
    if (record.type === 'line') isWaiting = record.event === 'waiting'
    if (record.type === 'lease' && record.event === 'acquired') isWaiting = false
  }
  return isWaiting
}
