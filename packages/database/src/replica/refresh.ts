import type { Clock } from '@sqlite-efs/lease'
import { Moment } from '@sqlite-efs/lease/internal'
import { MAX_SILENCE_MS } from '../read/read-lock.js'
import { changedPages } from './changed-pages.js'
import type { Copy } from './copy.js'
import type { LiveFile } from './direct-files.js'
import { Header, type PageOne } from './header.js'
import { bytesOfRecords, readRecords } from './journal-records.js'

/** A commit that changed more pages than this is cheaper to copy as a whole, or not at all. */
const MAX_CHANGED_PAGES = 64
/** Reads that take longer together keep others from committing for too long. */
const MAX_REFRESH_MS = 100
/** What is read of a journal at first: enough for what most transactions change, at pages of 4 KiB. */
const FIRST_JOURNAL_BYTES = 64 * 2 ** 10

/** Why a copy could not be made true by what one commit has changed. */
export type NoDelta = 'gap' | 'another journal' | 'spilled' | 'many pages' | 'slow' | 'no records'

/** What a delta took. */
export interface Delta {
  pages: number
  bytes: number
}

/**
 * Applies to the copy what one commit has changed. The caller holds SQLite's shared lock and has looked for a hot journal: no process is in
 * COMMIT. Throws where the live file or the copy can't be read or written. The caller must drop the copy then.
 *
 * @returns why it can't be done; the copy is as before then
 */
export function refreshByDelta(clock: Clock, live: LiveFile, copy: Copy, pageOne: PageOne): Delta | NoDelta {
  const before = copy.header
  const after = pageOne.header
  if (!after.isNextAfter(before)) return 'gap'
  const since = new Moment(clock)
  const { pageSize } = before
  const records = readRecords((bytes) => live.readJournal(bytes), pageSize, readsOfJournal(pageSize))
  if (records === 'more to read') return 'many pages'
  if (typeof records === 'string') return records
  // Otherwise the journal is that of a transaction that was rolled back later, or of an older one.
  const journaledHeader = records.pageOne && Header.of(records.pageOne)
  if (!journaledHeader?.isSame(before)) return 'another journal'
  let isSlow = false
  const pages = changedPages({
    before,
    after,
    journaled: records.pages,
    maxPages: MAX_CHANGED_PAGES,
    pageBefore: (page) => copy.page(page),
    pageAfter: (page) => {
      isSlow ||= since.elapsedMs() > MAX_REFRESH_MS
      // What is read from here on is thrown away.
      return isSlow ? Buffer.alloc(pageSize) : live.read((page - 1) * pageSize, pageSize)
    },
  })
  // A lock is sure to last for so long, and no longer.
  if (isSlow || since.elapsedMs() > MAX_SILENCE_MS) return 'slow'
  if (!pages) return 'many pages'
  copy.patch(pages, pageOne)
  return { pages: pages.size + 1, bytes: (pages.size + 1) * pageSize }
}

/** How much of a journal is read: little at first, and then no more than a delta is worth. */
function readsOfJournal(pageSize: number): number[] {
  const most = bytesOfRecords(MAX_CHANGED_PAGES + 2, pageSize)
  return FIRST_JOURNAL_BYTES < most ? [FIRST_JOURNAL_BYTES, most] : [most]
}
