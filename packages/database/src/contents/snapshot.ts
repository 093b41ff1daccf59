import { milliseconds } from '../options.js'
import { type ContentContext, type Progress, progressTo } from './context.js'
import { type Copy, copyContent, verifyCopy } from './copy.js'
import { checkNewPath, NewFile } from './new-file.js'
import { bytesOf } from './pages.js'
import { Disturbed, inWindows, stepsIn } from './steps.js'
import type { ContentOptions, SnapshotResult } from './types.js'

/** After so many tries that somebody's commit disturbed, the next one is made under the lease. */
const MAX_DISTURBED = 3

/** See {@link Database.snapshot}. */
export async function snapshot(context: ContentContext, to: string, options: ContentOptions): Promise<SnapshotResult> {
  const path = checkNewPath('to', to)
  const progress = progressTo(options.onProgress)
  const timeoutMs = milliseconds('timeoutMs', options.timeoutMs, context.options.timeoutMs)
  const file = await NewFile.create(path)
  try {
    const { copy, tries, heldLease } = await consistentCopy(context, file, timeoutMs, progress)
    await verifyCopy(context, file, copy, progress)
    await file.putInPlace()
    const { pages, rows, fence } = copy
    return { path, pages, bytes: bytesOf(copy), rows, fence, tries, heldLease }
  } catch (error) {
    await file.discard()
    throw error
  }
}

/**
 * All pages as one commit left them: read in short windows, between which others commit; anew, where somebody did; and where they never
 * pause, under the lease, so that they wait in line.
 */
async function consistentCopy(context: ContentContext, file: NewFile, timeoutMs: number, progress: Progress) {
  for (let tries = 1; tries <= MAX_DISTURBED; tries++) {
    try {
      const copy = await inWindows(context, (steps) => copyContent(context, steps, file, progress))
      return { copy, tries, heldLease: false }
    } catch (error) {
      if (!(error instanceof Disturbed)) throw error
    }
  }
  const copy = await context.inTurn('a snapshot', timeoutMs, async (turn): Promise<Copy> => {
    // SQLite's RESERVED lock lets everybody read, and nobody commit.
    await turn.begin()
    const copied = await copyContent(context, stepsIn(turn), file, progress)
    turn.writer.rollback()
    return copied
  })
  return { copy, tries: MAX_DISTURBED + 1, heldLease: true }
}
