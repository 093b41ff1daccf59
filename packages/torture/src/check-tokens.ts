import type { Violation } from './checker.js'
import type { History } from './collector.js'
import type { FinalState } from './final-state.js'

/** Holds the tickets to their order: none is had twice, and what is in the file was written under tickets that only grew. */
export function checkTokens(histories: readonly History[], { entries, fence }: FinalState): Violation[] {
  const violations: Violation[] = []
  const owners = new Map<number, string>()
  for (const { name, records } of histories) {
    for (const record of records) {
      if (record.type !== 'lease' || record.event !== 'acquired') continue
      const owner = owners.get(record.token)
      if (owner !== undefined)
        violations.push({ kind: 'fence', detail: `ticket ${record.token}: ${owner} and ${name}` })
      owners.set(record.token, name)
    }
  }
  let last = 0
  for (const { id, fence: written } of entries) {
    if (written === null) continue
    if (written < last)
      violations.push({ kind: 'fence', detail: `row ${id} was written under ${written}, after ${last}` })
    last = Math.max(last, written)
  }
  if (fence < last) violations.push({ kind: 'fence', detail: `the file's fence is ${fence}, after ${last}` })
  return violations
}
