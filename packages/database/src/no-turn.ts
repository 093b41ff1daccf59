import type { LeaseError, Moment } from '@sqlite-efs/lease'
import { DatabaseError } from './errors.js'
import { isTimeout } from './tenure.js'
import type { Job } from './write-queue.js'

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
export function keptWaiting(path: string, { job, since }: WaitedInVain, who: string, ms: number): DatabaseError {
  const message = `No turn to write ${path} came within ${Math.round(since.elapsedMs())} ms: ${who} ${Math.round(ms)} ms. Inside $transaction(async (tx) => ...) write with tx, and keep transactions short; or raise ${job.timeoutOption}.`
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
  const { holder, position } = why?.details ?? {}
  const message = why?.message ?? 'The lease was not asked for in time: the one before was still being given back.'
  return new DatabaseError(
    'LEASE_TIMEOUT',
    `No turn to write ${path} came within ${job.timeoutMs} ms. ${message}${holder === undefined ? '' : COMPUTES} The option here is ${job.timeoutOption}.`,
    {
      path,
      option: job.timeoutOption,
      ...(holder === undefined ? {} : { holder }),
      ...(position === undefined ? {} : { position }),
    },
    { cause: why },
  )
}
