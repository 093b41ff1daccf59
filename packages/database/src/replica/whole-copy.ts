import type { Connection } from '../engine/connection.js'
import type { ReadWindow } from '../read/read-window.js'
import { NO_READ } from '../read/waiting-reads.js'
import { CHUNK_BYTES, Copy, CopyFile, type CopyPlace } from './copy.js'
import type { LiveFile } from './direct-files.js'
import { type Header, type PageOne, pageOneOf } from './header.js'
import { markBytes } from './journal-records.js'

/** So many READs are under way at once. */
const AT_ONCE = 3

/**
 * A state of the file, and what every writer changes before it writes a page: the journal's first record holds the transaction's nonce.
 * If both are the same at two moments with SQLite's shared lock and no hot journal, no page was written in between, not even by a
 * transaction that was rolled back.
 */
interface Mark {
  header: Header
  journalIdentity: string
  journalStart: Buffer
}

/** Where a whole copy comes from, and where it goes. */
export interface WholeCopyContext {
  place: CopyPlace
  live: LiveFile
}

/** Copies a small file in one READ, in a read window that is open. Throws where the live file or the copy can't be read or written. */
export function copyAtOnce({ place, live }: WholeCopyContext, { content, header }: PageOne): Copy | undefined {
  const bytes = live.read(0, header.fileBytes)
  if (!bytes.subarray(0, content.length).equals(content)) return undefined
  const file = new CopyFile(place)
  try {
    file.write(0, bytes)
    return new Copy(place, file, header)
  } catch (error) {
    file.remove()
    throw error
  }
}

/**
 * Copies the file while nobody's lock is held and the event loop goes on. Resolves to undefined where somebody wrote meanwhile. Rejects
 * where the live file or the copy can't be read or written.
 *
 * @param isOver asks whether the copy is not wanted any more
 */
export async function copyInBackground(
  context: WholeCopyContext,
  window: ReadWindow,
  isOver: () => boolean,
): Promise<Copy | undefined> {
  const { place, live } = context
  const before = await window.read(
    (connection) => markOf(connection, live),
    () => NO_READ,
  )
  if (!before) return undefined
  const file = new CopyFile(place)
  try {
    await copyPages(live, file, before.header.fileBytes, isOver)
    if (isOver()) {
      file.remove()
      return undefined
    }
    // In one go: what is proven under the lock is used before anybody can write.
    return await window.read(
      (connection) => {
        const after = markOf(connection, live)
        if (after && isSame(before, after)) return new Copy(place, file, before.header)
        file.remove()
        return undefined
      },
      () => NO_READ,
    )
  } catch (error) {
    file.remove()
    throw error
  }
}

function markOf(connection: Connection, live: LiveFile): Mark | undefined {
  const header = pageOneOf(connection)?.header
  const { journalIdentity } = live
  const journalStart = header && live.readJournal(markBytes(header.pageSize))
  return header && journalIdentity && journalStart ? { header, journalIdentity, journalStart } : undefined
}

const isSame = (one: Mark, other: Mark) =>
  one.header.isSame(other.header) &&
  one.journalIdentity === other.journalIdentity &&
  one.journalStart.equals(other.journalStart)

async function copyPages(live: LiveFile, file: CopyFile, bytes: number, isOver: () => boolean): Promise<void> {
  let next = 0
  const copyOn = async () => {
    while (next < bytes && !isOver()) {
      const at = next
      next += CHUNK_BYTES
      const wanted = Math.min(CHUNK_BYTES, bytes - at)
      const chunk = await live.readInBackground(at, wanted)
      if (chunk.length < wanted) throw new Error(`the file ends at byte ${at + chunk.length}`)
      await file.writeInBackground(at, chunk)
    }
  }
  // All of them have ended before the file may be removed.
  const outcomes = await Promise.allSettled(Array.from({ length: AT_ONCE }, copyOn))
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}
