import { formatBytes, formatDuration, formatMoment, formatTable } from '../terminal/format.js'
import type { Status } from './status.js'

type Known<T> = Exclude<T, { error: unknown }>
type Row = readonly [name: string, value: string]

const JOURNALS = {
  cold: 'in place and cold, as it should be',
  'hot-or-live': 'belongs to a writer at work, or to one that died: then the next to read or write rolls it back',
  missing: 'MISSING: a program in journal mode DELETE writes the file, or it was never written under the lease',
  empty: 'EMPTY: a program in journal mode TRUNCATE writes the file',
}

/** A status as people read it. */
export function statusText(status: Status): string {
  return formatTable([...leaseRows(status), ...fileRows(status)])
}

function leaseRows({ lease, atMs }: Status): Row[] {
  if ('error' in lease) return [['lease', `not known: ${lease.error.code}: ${lease.error.message}`]]
  const { holder, waiting, lastTakeover } = lease
  return [
    ['lease', `${lease.key} on ${lease.leaser}`],
    ['held by', holder ? contenderText(holder, atMs) : 'nobody'],
    ['waiting', waiting.length === 0 ? 'nobody' : String(waiting.length)],
    ...waiting.map((contender) => ['', contenderText(contender, atMs)] as const),
    ['last takeover', lastTakeover ? takeoverText(lastTakeover, atMs) : 'none'],
    // django-sqlite-efs' protocol has none.
    ...(lease.ticket > 0 ? [['last ticket', String(lease.ticket)] as const] : []),
  ]
}

function contenderText(contender: NonNullable<Known<Status['lease']>['holder']>, nowMs: number): string {
  const { owner, ticket, aliveUntilMs, isOverdue, seenSinceMs } = contender
  const until = isOverdue
    ? `OVERDUE since ${formatMoment(aliveUntilMs, nowMs)}: the next in line takes over`
    : `alive until ${formatMoment(aliveUntilMs, nowMs)}`
  const since = seenSinceMs === undefined ? '' : `, seen there for ${formatDuration(nowMs - seenSinceMs)}`
  return `${owner || '(no name)'}, ticket ${ticket}, ${until}${since}`
}

const takeoverText = ({ owner, ticket, atMs }: { owner: string; ticket: number; atMs: number }, nowMs: number) =>
  `${owner || '(no name)'}, ticket ${ticket}, was taken out of the line at ${formatMoment(atMs, nowMs)}`

function fileRows({ file }: Status): Row[] {
  if (!file) return []
  if ('error' in file) return [['file', `not known: ${file.error.code}: ${file.error.message}`]]
  const size = file.state === 'database' ? formatBytes(file.sizeBytes) : file.state
  return [
    ['file', `${file.path}, ${size}`],
    ...(file.state === 'missing' ? [] : [['journal', JOURNALS[file.journal]] as const]),
    ...(file.isFenced === undefined ? [] : [['fence', fenceText(file)] as const]),
    ...(file.journalMode === 'wal'
      ? [['journal mode', 'WAL, which does not work over a network file system'] as const]
      : []),
  ]
}

const fenceText = ({ isFenced, userVersion, applicationId }: Known<NonNullable<Status['file']>>) =>
  isFenced
    ? `the last writer had ticket ${userVersion} (modulo 2^31)`
    : `none yet (application_id ${applicationId}, user_version ${userVersion})`
