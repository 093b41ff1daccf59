import { JOURNAL_MAGIC } from '../file/journal.js'
import type { Header } from './header.js'

/** SQLite pads a journal's header to a sector, and takes 512 bytes for one on file systems of today. */
const SECTOR_BYTES = 512

/** What the records of a journal's last transaction tell. */
export interface JournalRecords {
  /** The pages that it changed, as far as they were in the file before and in use. */
  pages: ReadonlySet<number>
  /** Page 1 as it was before; undefined where it was not among them. */
  pageOne: Buffer | undefined
  /** What each checksum of the transaction begins with. */
  nonce: number
  /** What COMMIT and ROLLBACK make zeros of. */
  start: Buffer
}

/** Why a journal does not tell which pages a commit has changed. */
export type NoRecords =
  /** There is none, or of another page size. */
  | 'no records'
  /** It is longer than what was read of it. */
  | 'more to read'
  /** The transaction wrote pages before COMMIT, and has a second header. */
  | 'spilled'

/**
 * Reads which pages the last transaction has journaled. After COMMIT a journal in PERSIST mode has lost its first 28 bytes and nothing else. The
 * records end where a checksum does not fit the transaction's nonce, which the first record gives away.
 *
 * @param journal its start
 * @param isWhole whether the journal is not longer than that
 */
function journalRecords(journal: Buffer, pageSize: number, isWhole: boolean): JournalRecords | NoRecords {
  const recordBytes = pageSize + 8
  const pages = new Set<number>()
  let pageOne: Buffer | undefined
  let nonce: number | undefined
  let at = SECTOR_BYTES
  for (; at + recordBytes <= journal.length; at += recordBytes) {
    const page = journal.readUInt32BE(at)
    const content = journal.subarray(at + 4, at + 4 + pageSize)
    const nonceHere = (journal.readUInt32BE(at + 4 + pageSize) - checksum(content)) >>> 0
    nonce ??= nonceHere
    if (page === 0 || nonceHere !== nonce) break
    if (page === 1) pageOne = content
    pages.add(page)
  }
  if (at + recordBytes > journal.length && !isWhole) return 'more to read'
  if (nonce === undefined || pages.size === 0) return 'no records'
  const nextSector = Math.ceil(at / SECTOR_BYTES) * SECTOR_BYTES
  if (journal.subarray(nextSector, nextSector + JOURNAL_MAGIC.length).equals(JOURNAL_MAGIC)) return 'spilled'
  return { pages, pageOne, nonce, start: journal.subarray(0, 28) }
}

/**
 * Whether the records are those of a transaction that is open: COMMIT and ROLLBACK take away the nonce, and the size of the database
 * before. The caller holds SQLite's RESERVED lock, so that the transaction is its own.
 */
export function isOpenJournal({ nonce, start }: JournalRecords, before: Header): boolean {
  return (
    start.readUInt32BE(12) === nonce &&
    start.readUInt32BE(16) === before.pageCount &&
    start.readUInt32BE(24) === before.pageSize
  )
}

/**
 * Reads a journal's records without reading more of it than is needed.
 *
 * @param read gives its first bytes, or fewer where it ends; undefined where there is none
 * @param sizes how much is read, one after the other, until it is enough
 */
export function readRecords(
  read: (bytes: number) => Buffer | undefined,
  pageSize: number,
  sizes: readonly number[],
): JournalRecords | NoRecords {
  let records: JournalRecords | NoRecords = 'no records'
  for (const bytes of sizes) {
    const journal = read(bytes)
    if (!journal) return 'no records'
    records = journalRecords(journal, pageSize, journal.length < bytes)
    if (records !== 'more to read') break
  }
  return records
}

/** What a journal of so many records takes. */
export const bytesOfRecords = (records: number, pageSize: number) => SECTOR_BYTES + records * (pageSize + 8)

/** Of every 200th byte, from the end: https://www.sqlite.org/fileformat2.html#the_rollback_journal */
function checksum(page: Buffer): number {
  let sum = 0
  for (let at = page.length - 200; at > 0; at -= 200) sum += page[at] ?? 0
  return sum
}

/** So much of a journal tells one transaction from another: up to the first record's checksum, which begins with the nonce. */
export const markBytes = (pageSize: number) => bytesOfRecords(1, pageSize)
