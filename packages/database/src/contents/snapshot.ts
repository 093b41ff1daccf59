import type { ContentOptions, SnapshotResult } from '../contract/content.js'
import { modeOfCopy } from '../file/file-mode.js'
import { milliseconds } from '../file/options.js'
import { consistently } from './consistently.js'
import { type ContentContext, progressTo } from './context.js'
import { copyContent, verifyCopy } from './copy/copy.js'
import { checkNewPath, NewFile } from './copy/new-file.js'
import { bytesOf } from './copy/pages.js'

/** See `snapshot` of maintenance.ts. */
export async function snapshot(context: ContentContext, to: string, options: ContentOptions): Promise<SnapshotResult> {
  const path = checkNewPath('to', to)
  const progress = progressTo(options.onProgress)
  const timeoutMs = milliseconds('timeoutMs', options.timeoutMs, context.options.timeoutMs)
  const file = await NewFile.create(path, modeOfCopy(context.options.path))
  try {
    const copying = { what: 'a snapshot', timeoutMs }
    const { copy, tries, heldLease } = await consistently(context, copying, (steps) =>
      copyContent(context, steps, file, progress),
    )
    await verifyCopy(context, file, copy, progress)
    await file.putInPlace()
    const { pages, rows, fence } = copy
    return { path, pages, bytes: bytesOf(copy), rows, fence, tries, heldLease }
  } catch (error) {
    await file.discard()
    throw error
  }
}
