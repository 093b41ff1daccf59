import type { Fault } from '../faults/injector.js'
import type { History } from './collector.js'

/** How long the others went without a lease, because its holder was killed, or frozen for longer than it. */
export interface Takeovers {
  /** In milliseconds from the fault to the next grant, sorted. */
  afterKillMs: number[]
  afterFreezeMs: number[]
}

/** Finds the faults that hit whoever had the lease, by what the victims wrote down. One machine's clock. */
export function takeovers(histories: readonly History[], faults: readonly Fault[]): Takeovers {
  const byName = new Map(histories.map((history) => [history.name, history]))
  const grants = histories
    .flatMap(({ records }) => records)
    .flatMap((record) => (record.type === 'lease' && record.event === 'acquired' ? [record] : []))
    .toSorted((a, b) => a.at - b.at)
  const result: Takeovers = { afterKillMs: [], afterFreezeMs: [] }
  for (const { name, at, kind } of faults) {
    const isKill = kind.startsWith('kill')
    if (!isKill && !kind.endsWith('longer than the lease')) continue
    const token = heldAt(byName.get(name), at)
    if (token === undefined) continue
    const next = grants.find((grant) => grant.at > at && grant.token > token)
    if (next) result[isKill ? 'afterKillMs' : 'afterFreezeMs'].push(next.at - at)
  }
  result.afterKillMs.sort((a, b) => a - b)
  result.afterFreezeMs.sort((a, b) => a - b)
  return result
}

/** The ticket under which somebody had the lease; undefined where he had none. */
export function heldAt(history: History | undefined, at: number): number | undefined {
  let token: number | undefined
  for (const record of history?.records ?? []) {
    if (record.at > at) break
    if (record.type !== 'lease' || record.event === 'swept') continue
    token = record.event === 'acquired' ? record.token : undefined
  }
  return token
}
