import { type ContentContext, inTurn } from './context.js'
import { Disturbed, inWindows, type Steps, stepsIn } from './copy/steps.js'

/** Tries that a commit may disturb before the next one is made under the lease. */
const MAX_DISTURBED = 3

/** What is copied, for the line, and how long to wait for the turn. */
interface Copying {
  what: string
  timeoutMs: number
}

/**
 * All pages as one commit left them: read in short windows, between which others commit; anew, where somebody did; and where they never
 * pause, under the lease, so that they wait in line.
 */
export async function consistently<T>(
  context: ContentContext,
  { what, timeoutMs }: Copying,
  copy: (steps: Steps) => Promise<T>,
): Promise<{ copy: T; tries: number; heldLease: boolean }> {
  for (let tries = 1; tries <= MAX_DISTURBED; tries++) {
    try {
      return { copy: await inWindows(context, copy), tries, heldLease: false }
    } catch (error) {
      if (!(error instanceof Disturbed)) throw error
    }
  }
  const copied = await inTurn(context, what, timeoutMs, async (turn) => {
    // SQLite's RESERVED lock lets other processes read, and none commit.
    const transaction = await turn.begin()
    const result = await copy(stepsIn(transaction))
    transaction.rollback()
    return result
  })
  return { copy: copied, tries: MAX_DISTURBED + 1, heldLease: true }
}
