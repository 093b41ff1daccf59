import type { Clock } from '@sqlite-efs/lease'
import { Moment } from '@sqlite-efs/lease/internal'
import type { Connection } from '../engine/connection.js'
import { MAX_SILENCE_MS } from '../read/read-lock.js'
import { changedPages } from './changed-pages.js'
import type { Copy } from './copy.js'
import type { LiveFile } from './direct-files.js'
import { Header } from './header.js'
import { journalRecords } from './journal-records.js'

/** A commit that changed more pages than this is cheaper to copy as a whole, or not at all. */
export const MAX_CHANGED_PAGES = 64
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

/** Page 1 as SQLite reads it under its lock: at no remote call of its own. */
export function pageOneOf(connection: Pick<Connection, 'run'>): Buffer {
  const [[data] = []] = connection.run('SELECT data FROM sqlite_dbpage WHERE pgno = 1').rows
  return Buffer.from(data as Uint8Array)
}

/**
 * Makes the copy true by what one commit has changed. The caller holds SQLite's shared lock and has looked for a hot journal, so that
 * nobody is in COMMIT. Throws where the live file or the copy can't be read or written; the copy must be dropped then.
 *
 * @param pageOne of the live file
 * @returns why it can't be done; the copy is as before then
 */
export function refreshByDelta(clock: Clock, live: LiveFile, copy: Copy, pageOne: Buffer): Delta | NoDelta {
  const before = copy.header
  const after = Header.of(pageOne)
  if (!after?.isNextAfter(before)) return 'gap'
  const since = new Moment(clock)
  const { pageSize } = before
  const records = readRecords(live, pageSize)
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

function readRecords(live: LiveFile, pageSize: number) {
  const most = 512 + (MAX_CHANGED_PAGES + 2) * (pageSize + 8)
  for (let bytes = Math.min(FIRST_JOURNAL_BYTES, most); ; bytes = most) {
    const journal = live.readJournal(bytes)
    if (!journal) return 'no records'
    const records = journalRecords(journal, pageSize, journal.length < bytes)
    if (records !== 'more to read') return records
    if (bytes === most) return 'many pages'
  }
}
