import type { Clock } from './clock.js'
import { LeaseError } from './errors.js'
import type { Line } from './line.js'
import type { Patience } from './patience.js'

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
  line: Pick<Line, 'emit'>,
  terms: { key: string; patience: Patience },
  error: unknown,
): unknown {
  if (error instanceof LeaseError) {
    line.emit({ type: 'gave-up', key: terms.key, waitedMs: terms.patience.waitedMs(), code: error.code })
  }
  return error
}
