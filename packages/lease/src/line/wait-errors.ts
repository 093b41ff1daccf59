import { LeaseError, type LeaseErrorDetails } from '../contract/errors.js'
import type { Clock } from '../time/clock.js'
import type { Deadline, GaveUp } from './deadline.js'
import type { LineClient } from './line-client.js'

/** What is known of a wait that its caller gave up, whatever the protocol. */
export interface EndedWait {
  gaveUp: GaveUp
  waitedMs: number
  requestTimeoutMs: number
  /** Whether the store was asked at all. */
  wasAsked: boolean
  where: LeaseErrorDetails & { key: string }
}

/** Why it ended, where nobody is to be named: it was aborted, or it is not known who has the lease. */
export function explainWithoutHolder(wait: EndedWait): LeaseError {
  const { gaveUp, wasAsked, where } = wait
  const { key } = where
  const waitedMs = Math.round(wait.waitedMs)
  if (gaveUp.why === 'aborted') {
    const message = `The wait for the lease on ${key} was aborted by its caller after ${waitedMs} ms.`
    return new LeaseError('LEASE_ABORTED', message, where, { cause: gaveUp.cause })
  }
  if (!wasAsked) {
    const message = `No time was left to ask for the lease on ${key}: raise timeoutMs.`
    return new LeaseError('LEASE_TIMEOUT', message, where)
  }
  // A store that was given no time to answer is not to blame.
  if (wait.waitedMs < wait.requestTimeoutMs) {
    const message = `The wait for the lease on ${key} ended after ${waitedMs} ms, before the holder could be read: raise timeoutMs.`
    return new LeaseError('LEASE_TIMEOUT', message, where)
  }
  return new LeaseError('UNREACHABLE', `No answer about the lease on ${key} within ${waitedMs} ms.`, where)
}

/**
 * How long a caller whose wait is over is kept for the answer to its leave, a round trip or a few. What is left of it
 * goes on in the background.
 */
const PARTING_MS = 50

/** Waits for a leave, but not for long. What it throws the caller has already, or will meet again. */
export async function part(clock: Clock, leaving: Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => {
    const cancel = clock.after(PARTING_MS, resolve)
    void leaving
      .catch(() => {})
      .finally(() => {
        cancel()
        resolve()
      })
  })
}

/** Tells of a wait that ended without a lease, and gives its error back. */
export function tellGivenUp(
  line: Pick<LineClient, 'emit'>,
  terms: { key: string; deadline: Deadline },
  error: unknown,
): unknown {
  if (error instanceof LeaseError) {
    line.emit({ type: 'gave-up', key: terms.key, waitedMs: terms.deadline.waitedMs(), code: error.code })
  }
  return error
}
