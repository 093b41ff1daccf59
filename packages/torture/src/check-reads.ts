import type { Violation } from './checker.js'
import type { History } from './collector.js'
import { groupBy } from './group-by.js'

interface Read {
  name: string
  at: number
  doneAt: number
  entries: number
}

/**
 * Holds the readers to what was true before they asked. The ledger only grows, so a read that begins after something was acknowledged,
 * or after another read has ended, sees no fewer entries: whatever process it is in. Clocks are compared within one
 * machine only.
 */
export function checkReads(histories: readonly History[]): Violation[] {
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
  return [...seen, ...[...groupBy(histories, hostOf).values()].flatMap(checkHost)]
}

const hostOf = ({ records }: History) => records.find((record) => record.type === 'start')?.host ?? ''

function checkHost(histories: readonly History[]): Violation[] {
  const reads: Read[] = []
  const known: { at: number; entries?: number }[] = []
  for (const { name, records } of histories) {
    for (const record of records) {
      if (record.type === 'ack') known.push({ at: record.at })
      if (record.type !== 'read' || record.entries === undefined) continue
      reads.push({ name, at: record.at, doneAt: record.doneAt, entries: record.entries })
      known.push({ at: record.doneAt, entries: record.entries })
    }
  }
  reads.sort((a, b) => a.at - b.at)
  known.sort((a, b) => a.at - b.at)
  const violations: Violation[] = []
  let acknowledged = 0
  let read = 0
  let next = 0
  for (const { name, at, entries } of reads) {
    for (; next < known.length && known[next]!.at < at; next++) {
      const { entries: before } = known[next]!
      if (before === undefined) acknowledged++
      else read = Math.max(read, before)
    }
    const detail = `${name} saw ${entries} entries, though before it began ${acknowledged} were acknowledged and ${read} had been read`
    if (entries < acknowledged || entries < read) violations.push({ kind: 'stale read', detail })
  }
  return violations
}
