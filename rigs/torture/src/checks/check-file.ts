import { TOTAL } from '../worker/bank.js'
import type { Attempt } from './attempt.js'
import type { EntryRow, FinalState } from './final-state.js'
import { groupBy } from './group-by.js'
import type { Violation } from './violation.js'

/** Holds the file to what its writers know. */
export function checkFile(attempts: ReadonlyMap<string, Attempt>, state: FinalState): Violation[] {
  const entries = groupBy(state.entries, ({ transferId }) => transferId)
  const legs = groupBy(state.legs, ({ transferId }) => transferId)
  const violations: Violation[] = state.complaints.map((detail) => ({ kind: 'integrity', detail }))
  const add = (kind: Violation['kind'], detail: string) => violations.push({ kind, detail })

  for (const attempt of attempts.values()) {
    const found = entries.get(attempt.id) ?? []
    const text = `${attempt.id} (${attempt.style})`
    if (attempt.outcome === 'acknowledged' && found.length === 0)
      add('lost', `${text} was acknowledged and is not there`)
    if (attempt.outcome === 'not-written' && found.length > 0)
      add('written all the same', `${text} failed with a promise that nothing was written, and is there`)
    if (found.length > 1) add('duplicated', `${text} is there ${found.length} times`)
  }
  for (const [id, rows] of entries) {
    const attempt = attempts.get(id)
    if (!attempt || rows.some((row) => !isSame(row, attempt))) add('unknown entry', `${id}: ${JSON.stringify(rows[0])}`)
    const wanted = rows.flatMap(({ fromId, toId, amount }) => [`${fromId}:${-amount}`, `${toId}:${amount}`])
    const there = (legs.get(id) ?? []).map(({ accountId, amount }) => `${accountId}:${amount}`)
    if (wanted.toSorted().join() !== there.toSorted().join())
      add('half', `${id} has the legs ${there.join(', ') || '(none)'}`)
  }
  for (const id of legs.keys()) if (!entries.has(id)) add('half', `${id} has legs and no entry`)
  return [...violations, ...checkBalances(state), ...checkOrder(state.entries)]
}

const isSame = (row: EntryRow, attempt: Attempt) =>
  row.fromId === attempt.from &&
  row.toId === attempt.to &&
  row.amount === attempt.amount &&
  row.sequence === attempt.sequence &&
  row.seq === attempt.seq

function checkBalances({ accounts, legs }: FinalState): Violation[] {
  const violations: Violation[] = []
  const total = accounts.reduce((sum, { balance }) => sum + balance, 0)
  if (total !== TOTAL) violations.push({ kind: 'sum', detail: `the balances make ${total}, not ${TOTAL}` })
  const moved = new Map<number, number>()
  for (const { accountId, amount } of legs) moved.set(accountId, (moved.get(accountId) ?? 0) + amount)
  for (const { id, opening, balance } of accounts) {
    const expected = opening + (moved.get(id) ?? 0)
    if (balance === expected) continue
    violations.push({ kind: 'sum', detail: `account ${id} has ${balance}, its legs make ${expected}` })
  }
  return violations
}

/** Entries are numbered in the order of their commits. */
function checkOrder(entries: readonly EntryRow[]): Violation[] {
  const violations: Violation[] = []
  const last = new Map<string, number>()
  for (const { sequence, seq, id } of entries) {
    const before = last.get(sequence) ?? 0
    if (seq < before) violations.push({ kind: 'order', detail: `${sequence}:${seq} (row ${id}) came after ${before}` })
    last.set(sequence, Math.max(seq, before))
  }
  return violations
}
