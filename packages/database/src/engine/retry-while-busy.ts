import type { Clock } from '@sqlite-efs/lease'
import { Moment, sleep } from '@sqlite-efs/lease/internal'
import { DatabaseError } from '../contract/errors.js'
import { isBusy, needsRecovery } from './sqlite-error.js'

/** How to wait for somebody else's lock without blocking the event loop. */
export interface LockWait {
  path: string
  clock: Clock
  random: () => number
  timeoutMs: number
  /** What to say when the time is up. */
  onTimeout(waitedMs: number): string
  /** Rolls back what a dead writer left; where nobody can, the error is the caller's. */
  recover?: () => Promise<unknown>
  /** Run before each further attempt: whoever waits for a lock may meet a world that changed. */
  beforeRetry?: () => Promise<void>
}

const MIN_PAUSE_MS = 1
export const MAX_PAUSE_MS = 25
/** A journal that is hot again after so many recoveries is not left by a crash. */
const MAX_RECOVERIES = 5
const LOOKS_BEFORE_RECOVERY = 2

/** What the promise resolves to, or nothing when the time is up. */
export function within<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancelTimer = clock.after(ms, () => resolve(undefined))
    void promise.then(resolve, reject).finally(cancelTimer)
  })
}

/** Whether an error says that somebody has waited for long enough, for a lock or for his turn. */
export const isWaitOver = (error: unknown) =>
  error instanceof DatabaseError && (error.code === 'BUSY' || error.code === 'LEASE_TIMEOUT')

/**
 * Attempts until it works, as long as the only thing in the way is a lock, or a journal that has to be rolled back. The
 * first attempt is made at once, in the caller's own turn of the event loop.
 *
 * @throws DatabaseError `BUSY` when the time is up; whatever else `attempt` throws, at once
 */
export async function retryWhileBusy<T>(lockWait: LockWait, attempt: () => T | Promise<T>): Promise<T> {
  const started = new Moment(lockWait.clock)
  let recoveries = 0
  let looks = 0
  for (let tries = 0; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (needsRecovery(error) && lockWait.recover && recoveries < MAX_RECOVERIES) {
        // A writer that begins just now looks dead for a moment: SQLite asks for his lock first, and for his journal then.
        if (++looks <= LOOKS_BEFORE_RECOVERY) await sleep(lockWait.clock, MIN_PAUSE_MS)
        else {
          looks = 0
          recoveries++
          await lockWait.recover()
        }
      } else if (isBusy(error)) {
        const leftMs = lockWait.timeoutMs - started.elapsedMs()
        if (leftMs <= 0) {
          throw new DatabaseError(
            'BUSY',
            lockWait.onTimeout(started.elapsedMs()),
            { path: lockWait.path, extendedCode: 5 },
            { cause: error },
          )
        }
        const widestMs = Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** Math.min(tries, 5))
        await sleep(lockWait.clock, Math.min(leftMs, MIN_PAUSE_MS + lockWait.random() * widestMs))
      } else {
        throw error
      }
    }
    await lockWait.beforeRetry?.()
  }
}
