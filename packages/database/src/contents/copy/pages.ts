import type { Clock } from '@sqlite-efs/lease'
import type { Connection } from '../../engine/connection.js'
import { FENCE_MARK } from '../../file/fence.js'

/** SQLite's locks are taken on bytes behind this one; the page that holds it is never used: https://www.sqlite.org/fileformat2.html#the_lock_byte_page */
const LOCK_BYTE = 2 ** 30

/** So long is read or written in one go: the event loop waits, and others who want to commit. */
const MAX_STEP_MS = 20
const MAX_STEP_BYTES = 4 * 2 ** 20

/** The size of a database. */
export interface Geometry {
  pages: number
  pageSize: number
}

/** Asks for the size of the database, as its header has it: the file may be longer. Needs a lock. */
export function geometryOf(connection: Pick<Connection, 'value'>): Geometry {
  return {
    pages: Number(connection.value('PRAGMA page_count')),
    pageSize: Number(connection.value('PRAGMA page_size')),
  }
}

export const bytesOf = ({ pages, pageSize }: Geometry) => pages * pageSize

/** The page that must be left alone; SQLite takes it for malformed when it is asked for. */
export const isLockPage = (page: number, pageSize: number) => page === LOCK_BYTE / pageSize + 1

/** The last writer's ticket in the header, where it is fenced. Needs a lock. */
export function fenceOf(connection: Pick<Connection, 'value'>): number | undefined {
  if (Number(connection.value('PRAGMA application_id')) !== FENCE_MARK) return undefined
  return Number(connection.value('PRAGMA user_version'))
}

/**
 * Does something with page after page from `first` on, for as long as one step may last.
 *
 * @returns how many were done
 */
export function eachPage(clock: Clock, { pages, pageSize }: Geometry, first: number, action: (page: number) => void) {
  const endMs = clock.monotonicMs() + MAX_STEP_MS
  const most = Math.min(pages - first + 1, Math.max(1, Math.floor(MAX_STEP_BYTES / pageSize)))
  let done = 0
  do action(first + done++)
  while (done < most && clock.monotonicMs() < endMs)
  return done
}
