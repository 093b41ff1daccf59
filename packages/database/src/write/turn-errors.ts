import type { LeaseError } from '@sqlite-efs/lease'
import type { Moment } from '@sqlite-efs/lease/internal'
import { DatabaseError } from '../contract/errors.js'
import { within } from '../engine/retry-while-busy.js'
import type { CheckedOptions } from '../file/options.js'
import type { Job } from './job.js'
import { isTimeout } from './lease-keeper.js'

/** Who waited in vain, and since when. */
interface WaitedInVain {
  job: Pick<Job, 'timeoutMs' | 'timeoutOption'>
  since: Moment
}

/** The turn that was before. */
export interface PreviousTurn {
  what: string
  tookMs: number
  ended: Moment
}

/** The release waits for a turn of the event loop, and so does a transaction's end. */
const COMPUTES = ' A process that computes without letting its event loop run keeps the lease meanwhile.'

/** It is this process that had the turn meanwhile. */
export function keptWaiting(path: string, { job, since }: WaitedInVain, owner: string, ms: number): DatabaseError {
  const message = `No turn to write ${path} came within ${Math.round(since.elapsedMs())} ms: ${owner} ${Math.round(ms)} ms. Inside $transaction(async (tx) => ...) write with tx, and keep transactions short; or raise ${job.timeoutOption}.`
  return new DatabaseError('LEASE_TIMEOUT', message, { path, holder: 'this process', option: job.timeoutOption })
}

/** The lease did not come in time, in this package's words; what is in the way of asking for it passes through. */
export function noTurnInTime(
  path: string,
  waited: WaitedInVain,
  { why, previous }: { why: LeaseError | undefined; previous: PreviousTurn | undefined },
): Error {
  if (why && !isTimeout(why)) return why
  const { job, since } = waited
  const behindMs = previous ? Math.min(previous.tookMs, since.elapsedMs() - previous.ended.elapsedMs()) : 0
  if (previous && behindMs > job.timeoutMs / 2) {
    return keptWaiting(path, waited, `until just now ${previous.what} of this process had it for`, behindMs)
  }
  const { holder, position, attempts } = why?.details ?? {}
  const option = attempts === undefined ? job.timeoutOption : 'lease.maxAttempts'
  return new DatabaseError(
    'LEASE_TIMEOUT',
    `No turn to write ${path} came within ${job.timeoutMs} ms: ${reasonOf(why)}.${holder === undefined ? '' : COMPUTES} Raise ${option}, or hold the lease for shorter.`,
    {
      path,
      option,
      ...(holder === undefined ? {} : { holder }),
      ...(position === undefined ? {} : { position }),
    },
    { cause: why },
  )
}

/** What was in the way: the lease's own message names options that this package has under other names. */
function reasonOf(why: LeaseError | undefined): string {
  if (!why) return 'this process was still giving back its last lease, and had not asked for the next one'
  const { holder, heldSinceMs, position, aliveUntilMs, attempts } = why.details
  const times = attempts === undefined ? '' : `all ${attempts} attempts are used up, and `
  if (holder === undefined) return `${times}the time was over before the holder of the lease could be read`
  const since = heldSinceMs === undefined ? '' : `, seen there since ${new Date(heldSinceMs).toISOString()}`
  const before = position === undefined ? '' : `; ${position} in line before this process, the holder included`
  const until =
    aliveUntilMs === undefined
      ? ''
      : `. If the holder is dead, it is replaced at ${new Date(aliveUntilMs).toISOString()}`
  return `${times}${holder} holds the lease${since}${before}${until}`
}

/** The turn is held meanwhile, and who asks has waited for as long as he wanted to already. */
const ANSWER_MS = 250

/**
 * The lease is held, and still the file is locked: says who was swept, for it may be his locks. Without that where the line
 * does not answer at once.
 */
export async function explainBusy(
  error: DatabaseError,
  { leaser, leaseKey, clock }: Pick<CheckedOptions, 'leaser' | 'leaseKey' | 'clock'>,
): Promise<DatabaseError> {
  const asked = leaser.inspect(leaseKey).then(
    (line) => line.swept,
    () => undefined,
  )
  const swept = await within(clock, ANSWER_MS, asked)
  if (!swept) return error
  const message = `${error.message} Swept from the line last: ${swept.owner} (ticket ${swept.ticket}) at ${new Date(swept.atMs).toISOString()}.`
  return new DatabaseError('BUSY', message, { ...error.details, holder: swept.owner }, { cause: error })
}
