import type { FileConnection } from '../engine/connection.js'
import { readPage } from '../engine/page.js'

/** Bytes of the database header: https://www.sqlite.org/fileformat2.html#the_database_header */
const HEADER_BYTES = 100

const MAGIC = Buffer.from('SQLite format 3\0', 'latin1')

/**
 * The header of a database in rollback mode. It tells one committed state from another: each commit raises the change counter, and writes
 * page 1 before it is acknowledged.
 */
export class Header {
  readonly bytes: Buffer
  readonly pageSize: number
  readonly changeCounter: number
  readonly pageCount: number
  readonly firstTrunk: number
  readonly freePages: number
  /** COMMIT itself may move pages. */
  readonly vacuumsAtCommit: boolean

  private constructor(bytes: Buffer) {
    const pageSize = bytes.readUInt16BE(16)
    this.bytes = bytes
    this.pageSize = pageSize === 1 ? 65_536 : pageSize
    this.changeCounter = bytes.readUInt32BE(24)
    this.pageCount = bytes.readUInt32BE(28)
    this.firstTrunk = bytes.readUInt32BE(32)
    this.freePages = bytes.readUInt32BE(36)
    this.vacuumsAtCommit = bytes.readUInt32BE(52) !== 0
  }

  /** The header that a file begins with; undefined where it says nothing that can be relied on. */
  static of(start: Uint8Array): Header | undefined {
    if (start.length < HEADER_BYTES) return undefined
    const bytes = Buffer.from(start.subarray(0, HEADER_BYTES))
    if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
    // Written by 2 only in WAL mode.
    if (bytes[18] !== 1 || bytes[19] !== 1) return undefined
    const header = new Header(bytes)
    // The page count is what it says only where the version is valid for this very commit.
    const isComplete = header.changeCounter === bytes.readUInt32BE(92) && header.pageCount > 0
    return isComplete && header.pageSize >= 512 ? header : undefined
  }

  get fileBytes(): number {
    return this.pageCount * this.pageSize
  }

  /** Whether both are of the same committed state. */
  isSame(other: Header): boolean {
    return this.bytes.equals(other.bytes)
  }

  /** Whether exactly one commit lies between the other state and this one. */
  isNextAfter(other: Header): boolean {
    return this.changeCounter === nextCounter(other.changeCounter) && this.pageSize === other.pageSize
  }
}

/** Page 1, and the header that it begins with. */
export interface PageOne {
  content: Buffer
  header: Header
}

/** Page 1 as SQLite has it: no remote call, for it reads the page as it takes its lock. Undefined where {@link Header.of} is. */
export function pageOneOf(connection: Pick<FileConnection, 'run'>): PageOne | undefined {
  const content = Buffer.from(readPage(connection, 1))
  const header = Header.of(content)
  return header && { content, header }
}

/** The change counter after one more commit: 32 bits. */
export const nextCounter = (counter: number) => (counter + 1) >>> 0

/** https://www.sqlite.org/c3ref/libversion.html: "3.45.1" is 3045001. */
export function versionNumber(version: string): number {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  return major * 1_000_000 + minor * 1_000 + patch
}

/**
 * Gives page 1 what COMMIT itself writes into it: the change counter, the size, and the version that both are valid for.
 *
 * @param page as the transaction has it before COMMIT
 */
export function asCommitted(page: Uint8Array, before: Header, pageCount: number, version: number): PageOne | undefined {
  const committed = Buffer.from(page)
  committed.writeUInt32BE(nextCounter(before.changeCounter), 24)
  committed.writeUInt32BE(pageCount, 28)
  committed.writeUInt32BE(nextCounter(before.changeCounter), 92)
  committed.writeUInt32BE(version, 96)
  const header = Header.of(committed)
  return header && { content: committed, header }
}
