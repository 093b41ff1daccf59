import { dirname } from 'node:path'
import { Connection } from '../../engine/connection.js'
import { readPage } from '../../engine/page.js'
import type { ContentContext, Progress } from '../context.js'
import type { NewFile } from './new-file.js'
import { bytesOf, eachPage, fenceOf, type Geometry, geometryOf, isLockPage } from './pages.js'
import { countRows } from './row-counts.js'
import { checkSpace } from './space.js'
import type { Steps } from './steps.js'
import { type Content, verifyContent } from './verify.js'

/** A copy, and what it has to hold. */
export interface Copy extends Content, Geometry {}

/**
 * Copies a database page by page as SQLite reads it. Not as a file: to open and close the live one in any other way would drop this
 * process's locks on it (https://www.sqlite.org/howtocorrupt.html#posix_close_bug).
 */
export async function copyPages(
  context: ContentContext,
  steps: Steps,
  file: NewFile,
  progress: Progress,
): Promise<Geometry> {
  const { path, clock } = context.options
  const geometry = await steps(geometryOf)
  checkSpace(path, 'a copy', [{ folder: dirname(file.temporaryPath), bytes: bytesOf(geometry) }])
  progress('copying', 0, geometry.pages)
  for (let done = 0; done < geometry.pages; ) {
    const read = await steps((connection) => {
      const pages: Uint8Array[] = []
      eachPage(clock, geometry, done + 1, (page) => {
        pages.push(isLockPage(page, geometry.pageSize) ? new Uint8Array(geometry.pageSize) : readPage(connection, page))
      })
      return pages
    })
    await file.write(Buffer.concat(read), done * geometry.pageSize)
    done += read.length
    progress('copying', done, geometry.pages)
  }
  await file.complete(bytesOf(geometry))
  return geometry
}

/** Copies a database, and counts what it holds in the same state. */
export async function copyContent(
  context: ContentContext,
  steps: Steps,
  file: NewFile,
  progress: Progress,
): Promise<Copy> {
  const geometry = await copyPages(context, steps, file, progress)
  return { ...geometry, rows: await countRows(steps), fence: await steps(fenceOf) }
}

/** @throws DatabaseError `SQLITE` where a copy does not hold what it has to */
export async function verifyCopy(
  context: ContentContext,
  file: NewFile,
  copy: Copy,
  progress: Progress,
): Promise<void> {
  progress('verifying', 0, copy.pages)
  const connection = openUnchanging(context, file.temporaryPath)
  try {
    await verifyContent(connection, file.temporaryPath, copy)
  } finally {
    connection.close()
  }
  progress('verifying', copy.pages, copy.pages)
}

/** Opens a file that nobody writes: no locks are taken, and no journal is looked for (https://www.sqlite.org/uri.html#uriimmutable). */
export const openUnchanging = ({ options }: ContentContext, path: string) =>
  new Connection({ path, pragmas: options.pragmas, mode: 'read-only', immutable: true })
