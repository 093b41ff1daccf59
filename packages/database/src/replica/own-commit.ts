import type { FileConnection } from '../engine/connection.js'
import { readPage } from '../engine/page.js'
import { changedPages } from './changed-pages.js'
import type { Copy } from './copy.js'
import type { Journal } from './direct-files.js'
import { asCommitted, type Header, type PageOne, versionNumber } from './header.js'
import { bytesOfRecords, isOpenJournal, readRecords } from './journal-records.js'

/** A transaction of this process that changes more pages is not worth its time: the next read copies what it needs. */
const MAX_OWN_PAGES = 1_024

/** What is read of the journal at first. */
const FIRST_JOURNAL_BYTES = 16 * 2 ** 10

/** What a transaction is going to change. */
export interface OwnCommit {
  /** The state that it began with. */
  before: Header
  pages: Map<number, Buffer>
  pageOne: PageOne
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
  const current = readPage(connection, 1)
  // COMMIT raises the counter; until then it is that of the state before.
  if (before.bytes.compare(current, 24, 28, 24, 28) !== 0) return undefined
  const pageCount = Number(connection.value('PRAGMA page_count'))
  const version = versionNumber(String(connection.value('SELECT sqlite_version()')))
  const pageOne = asCommitted(current, before, pageCount, version)
  if (!pageOne) return undefined
  const { pageSize } = before
  const records = readRecords((bytes) => journal.read(bytes), pageSize, readsOfJournal(pageSize))
  // It may be longer than is worth it, or not this transaction's.
  if (typeof records === 'string' || !isOpenJournal(records, before)) return undefined
  const pages = changedPages({
    before,
    after: pageOne.header,
    journaled: records.pages,
    maxPages: MAX_OWN_PAGES,
    pageBefore: (page) => copy.page(page),
    pageAfter: (page) => Buffer.from(readPage(connection, page)),
  })
  return pages && { before, pages, pageOne }
}

/** How much of the journal is read: four times as much each time. More than was written may not be in the kernel's cache. */
function readsOfJournal(pageSize: number): number[] {
  const most = bytesOfRecords(MAX_OWN_PAGES + 2, pageSize)
  const sizes: number[] = []
  for (let bytes = FIRST_JOURNAL_BYTES; bytes < 4 * most; bytes *= 4) sizes.push(bytes)
  return sizes
}
