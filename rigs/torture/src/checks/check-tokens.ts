import { serialDistance } from '@sqlite-efs/database/internal'
import { hostOf } from './check-reads.js'
import type { History } from './collector.js'
import type { EntryRow, FinalState } from './final-state.js'
import { groupBy } from './group-by.js'
import type { Violation } from './violation.js'

/**
 * Holds the tickets to their order: none is had twice, what is in the file was written under tickets that only grew, and the
 * last of them is the file's fence. Who takes no lease has no tickets, and is held to nothing.
 */
export function checkTokens(histories: readonly History[], { entries, fence }: FinalState): Violation[] {
  const details = [
    ...owners(histories),
    ...checkRows(entries, fence),
    ...checkFence(histories, fence),
    ...histories.flatMap(checkProcess),
    ...[...groupBy(histories, hostOf).values()].flatMap((host) => checkHost(host, entries)),
  ]
  return details.map((detail): Violation => ({ kind: 'fence', detail }))
}

function owners(histories: readonly History[]): string[] {
  const twice: string[] = []
  const owners = new Map<number, string>()
  for (const { name, records } of histories) {
    for (const record of records) {
      if (record.type !== 'lease' || record.event !== 'acquired') continue
      const owner = owners.get(record.token)
      if (owner !== undefined) twice.push(`ticket ${record.token}: ${owner} and ${name}`)
      owners.set(record.token, name)
    }
  }
  return twice
}

/** The header as interactive transactions saw it, which has 31 bits of the ticket, and as it is at the end. */
function checkRows(entries: readonly EntryRow[], fence: number): string[] {
  const wrong: string[] = []
  let last: number | undefined
  for (const { id, fence: written } of entries) {
    if (written === null) continue
    const isBehind = last !== undefined && serialDistance(last, written) > 0
    if (isBehind) wrong.push(`row ${id} was written under ${written}, after ${last}`)
    else last = written
  }
  if (last !== undefined && serialDistance(fence, last) < 0) wrong.push(`the file's fence is ${fence}, after ${last}`)
  return wrong
}

/** Every COMMIT leaves its ticket in the header: at the end it has the last. */
function checkFence(histories: readonly History[], fence: number): string[] {
  const committed = histories.flatMap(commitsOf).map(({ token }) => token)
  const largest = committed.reduce((most, token) => Math.max(most, token), 0)
  if (committed.length === 0 || serialDistance(fence, largest) >= 0) return []
  return [`the file's fence is ${fence}, after a commit under ticket ${largest}`]
}

interface Commit {
  token: number
  /** It was under way at this time, or not begun. */
  notBefore: number
  /** It was done at this time. */
  doneAt: number
}

/** What a process said of its commits, in their order. It says so after COMMIT, and may have been frozen in between. */
function commitsOf({ records }: History): Commit[] {
  const commits: Commit[] = []
  let known = { token: Number.NaN, at: Number.NEGATIVE_INFINITY }
  for (const record of records) {
    const isGrant = record.type === 'lease' && record.event === 'acquired'
    const isCommit = record.type === 'file' && record.event === 'commit'
    if (!isGrant && !isCommit) continue
    const { token, at } = record
    if (isCommit) {
      const notBefore = known.token === token ? known.at : Number.NEGATIVE_INFINITY
      commits.push({ token, notBefore, doneAt: record.latestAt ?? at })
    }
    known = { token, at }
  }
  return commits
}

function checkProcess(history: History): string[] {
  return commitsOf(history).flatMap(({ token }, index, commits) => {
    const before = commits[index - 1]?.token ?? token
    return before > token ? [`${history.name} committed under ticket ${token}, after ${before}`] : []
  })
}

/** A ticket that was the last one at some time after `notBefore`. */
interface Sight {
  what: string
  token: number
  notBefore: number
}

/** After a commit under a ticket nothing is committed under an earlier one, nor is an earlier one seen in the file, by any process of a machine. */
function checkHost(histories: readonly History[], entries: readonly EntryRow[]): string[] {
  const fences = new Map(entries.map(({ transferId, fence }) => [transferId, fence]))
  const commits = histories.flatMap(commitsOf).toSorted((a, b) => a.doneAt - b.doneAt)
  const sights = histories
    .flatMap((history) => [...commitsIn(history), ...fencesSeenIn(history, fences)])
    .toSorted((a, b) => a.notBefore - b.notBefore)
  const wrong: string[] = []
  let last: number | undefined
  let next = 0
  for (const { what, token, notBefore } of sights) {
    for (; next < commits.length && commits[next]!.doneAt < notBefore; next++) {
      last = Math.max(last ?? 0, commits[next]!.token)
    }
    if (last !== undefined && serialDistance(last, token) > 0) {
      wrong.push(`${what} ${token}, after a commit under ticket ${last} was done`)
    }
  }
  return wrong
}

const commitsIn = (history: History): Sight[] =>
  commitsOf(history).map(({ token, notBefore }) => ({
    what: `${history.name} committed under ticket`,
    token,
    notBefore,
  }))

/** An interactive transaction looks at the header after its intent is written down. */
function fencesSeenIn({ records }: History, fences: ReadonlyMap<string, number | null>): Sight[] {
  return records.flatMap((record): Sight[] => {
    const token = record.type === 'intent' ? fences.get(record.id) : undefined
    if (record.type !== 'intent' || typeof token !== 'number') return []
    return [{ what: `${record.id} saw the fence`, token, notBefore: record.at }]
  })
}
