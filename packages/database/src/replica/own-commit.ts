import type { FileConnection } from '../engine/connection.js'
import { changedPages } from './changed-pages.js'
import type { Copy } from './copy.js'
import type { Journal } from './direct-files.js'
import { asCommitted, Header, versionNumber } from './header.js'
import { isOpenJournal, journalRecords } from './journal-records.js'

/** A transaction of this process that changes more pages is not worth its time: the next read copies what it needs. */
const MAX_OWN_PAGES = 1_024

/** What is read of the journal at first; then four times as much, and so on. More than was written may not be in the kernel's cache. */
const FIRST_JOURNAL_BYTES = 16 * 2 ** 10

/** What a transaction is going to change. */
export interface OwnCommit {
  /** The state that it began with. */
  before: Header
  pages: Map<number, Buffer>
  pageOne: Buffer
}

/**
 * Takes the pages of an open transaction from SQLite's own cache, between its last statement and COMMIT: at no remote call.
 *
 * @param copy of the state that the transaction began with; undefined is returned where it is of another one
 */
export function ownCommitOf(connection: FileConnection, journal: Journal, copy: Copy): OwnCommit | undefined {
  const before = copy.header
  // Some of its pages would be moved by COMMIT itself.
  if (before.vacuumsAtCommit) return undefined
  const pageOf = (page: number): Buffer => {
    const [[data] = []] = connection.run('SELECT data FROM sqlite_dbpage WHERE pgno = ?1', [BigInt(page)]).rows
    return Buffer.from(data as Uint8Array)
  }
  const pageCount = Number(connection.value('PRAGMA page_count'))
  const version = versionNumber(String(connection.value('SELECT sqlite_version()')))
  const current = pageOf(1)
  // COMMIT raises the counter; until then it is that of the state before.
  if (!current.subarray(24, 28).equals(before.bytes.subarray(24, 28))) return undefined
  const pageOne = asCommitted(current, before, pageCount, version)
  const after = Header.of(pageOne)
  if (!after) return undefined
  const journaled = journaledSoFar(journal, before)
  if (!journaled) return undefined
  const pages = changedPages({
    before,
    after,
    journaled,
    maxPages: MAX_OWN_PAGES,
    pageBefore: (page) => copy.page(page),
    pageAfter: pageOf,
  })
  return pages && { before, pages, pageOne }
}

/** The pages that the open transaction has journaled; undefined where there are too many, or the journal is not its own. */
function journaledSoFar(journal: Journal, before: Header): ReadonlySet<number> | undefined {
  const most = 512 + (MAX_OWN_PAGES + 2) * (before.pageSize + 8)
  for (let bytes = FIRST_JOURNAL_BYTES; bytes < 4 * most; bytes *= 4) {
    const content = journal.read(bytes)
    if (!content) return undefined
    const records = journalRecords(content, before.pageSize, content.length < bytes)
    if (records === 'more to read') continue
    if (typeof records === 'string') return undefined
    return isOpenJournal(content, records, before) ? records.pages : undefined
  }
  return undefined
}
