import type { History } from './collector.js'
import type { EntryRow } from './final-state.js'
import { groupBy } from './group-by.js'
import type { Violation } from './violation.js'

interface Read {
  name: string
  at: number
  doneAt: number
  entries: number
}

/**
 * Holds the readers to what was true before they asked. The ledger only grows, so a read that begins after something was acknowledged,
 * or after another read has ended, sees no fewer entries: whatever process it is in. What was acknowledged stands behind all that was
 * committed before it, by writers that did not live to hear of it too. Clocks are compared within one machine only.
 *
 * @param entries all of the ledger at the end, in the order of the ids, which is that of the commits: SQLite has one writer at a
 * time, and AUTOINCREMENT gives a number to one row only (https://www.sqlite.org/autoinc.html)
 */
export function checkReads(histories: readonly History[], entries: readonly EntryRow[]): Violation[] {
  const seen = histories.flatMap(({ name, records }) =>
    records.flatMap((record): Violation[] =>
      record.type === 'violation'
        ? [
            {
              kind: record.what === 'sum' ? 'sum' : 'torn read',
              detail: `${name} read (${record.what}): ${record.detail}`,
            },
          ]
        : [],
    ),
  )
  const hosts = [...groupBy(histories, hostOf).values()]
  const ranks = ranksOf(entries)
  return [...seen, ...hosts.flatMap((host) => checkHost(host, ranks))]
}

/** The name of the machine that a worker was on. */
export const hostOf = ({ records }: History): string => records.find((record) => record.type === 'start')?.host ?? ''

/** How many entries there were as soon as a transfer's was there. */
function ranksOf(entries: readonly EntryRow[]): Map<string, number> {
  const ranks = new Map<string, number>()
  for (const [index, { transferId }] of entries.entries()) {
    // Of one that is there twice the first may be what was acknowledged.
    if (!ranks.has(transferId)) ranks.set(transferId, index + 1)
  }
  return ranks
}

/** What somebody knew `at` a time: that there were so many entries, or one more that was acknowledged. */
interface Known {
  at: number
  entries: number
  isAcknowledged: boolean
}

function checkHost(histories: readonly History[], ranks: ReadonlyMap<string, number>): Violation[] {
  const reads: Read[] = []
  const known: Known[] = []
  for (const { name, records } of histories) {
    for (const record of records) {
      if (record.type === 'ack') {
        // What is lost has no rank; that is told elsewhere.
        known.push({ at: record.at, entries: ranks.get(record.id) ?? 0, isAcknowledged: true })
      }
      if (record.type !== 'read' || record.entries === undefined) continue
      reads.push({ name, at: record.at, doneAt: record.doneAt, entries: record.entries })
      known.push({ at: record.doneAt, entries: record.entries, isAcknowledged: false })
    }
  }
  reads.sort((a, b) => a.at - b.at)
  known.sort((a, b) => a.at - b.at)
  const violations: Violation[] = []
  let acknowledged = 0
  let needed = 0
  let read = 0
  let next = 0
  for (const { name, at, entries } of reads) {
    for (; next < known.length && known[next]!.at < at; next++) {
      const { entries: before, isAcknowledged } = known[next]!
      if (isAcknowledged) {
        acknowledged++
        // Answers may come in another order than their commits.
        needed = Math.max(needed, before)
      } else read = Math.max(read, before)
    }
    if (entries >= Math.max(acknowledged, needed, read)) continue
    const detail = `${name} saw ${entries} entries, though before it began ${acknowledged} were acknowledged, the last of them as number ${needed}, and ${read} had been read`
    violations.push({ kind: 'stale read', detail })
  }
  return violations
}
