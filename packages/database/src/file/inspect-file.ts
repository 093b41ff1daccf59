import { statSync } from 'node:fs'
import { withTypedErrors } from '../engine/sqlite-error.js'
import { readHeader, statDataFile } from './data-file.js'
import { FENCE_MARK } from './fence.js'
import { type JournalState, journalSize, journalState } from './journal.js'
import { checkPath } from './options.js'

/** What {@link inspectFile} finds. */
export interface FileInspection {
  /** The file's one path, with symbolic links resolved. */
  path: string
  /** What stands there. An `empty` file has no header yet, and neither has a database that could not be read without a lock. */
  state: 'missing' | 'empty' | 'database'
  /** The file's size in bytes; 0 where there is none. */
  sizeBytes: number
  /**
   * How many bytes the file lacks at its end, by its header's count of pages; absent where it lacks none. While the journal is
   * `hot-or-live` that is not known: a commit, or a rollback, makes the file as long as it has to be.
   */
  missingBytes?: number
  /** What the file says of itself. While the journal is `hot-or-live` it may be half of a transaction. */
  header?: FileHeader
  /**
   * The rollback journal beside it: `cold` is what it should be between two writes; `hot-or-live` belongs to a writer at
   * work, or to one that died; `missing` or `empty` is what a program in journal mode DELETE or TRUNCATE leaves, or a
   * file that was never written under the lease.
   */
  journal: JournalState
  /** The journal's size in bytes; 0 where there is none. */
  journalBytes: number
  /** Size in bytes of the log that WAL mode keeps beside the file (`-wal`); absent where there is none. */
  walBytes?: number
  /** Size in bytes of that log's index (`-shm`); absent where there is none. */
  shmBytes?: number
}

/** From the header of a database file: https://www.sqlite.org/fileformat2.html#the_database_header. */
export interface FileHeader {
  /** In bytes. */
  pageSize: number
  /**
   * How many pages the database has. The file may be longer; one that is shorter has lost its end, unless a journal is there to be rolled
   * back. Absent where the header does not count: SQLite before 3.7.0 wrote the file last
   * (https://www.sqlite.org/fileformat2.html#in_header_database_size).
   */
  pages?: number
  /** The file's own journal mode: WAL is kept in the header, and all the others are `rollback`. */
  journalMode: 'rollback' | 'wal'
  /** Whether `user_version` holds the fence: `application_id` is the mark. */
  isFenced: boolean
  /** `user_version`: in a fenced file the last writer's ticket modulo 2^31, 0 before the first one. */
  userVersion: number
  /** `application_id`. */
  applicationId: number
}

/**
 * Looks at a database file and at what stands beside it. It needs no lease, takes no lock, and writes nothing, so that it
 * may be asked at any time; what it says may be old when it is read.
 *
 * The header is read through SQLite: to open and close the file in any other way would drop the locks that this process
 * holds on it (https://www.sqlite.org/howtocorrupt.html#posix_close_bug).
 *
 * @param path absolute
 * @throws DatabaseError `CONFIGURATION` for a path in no folder, a folder, and a file that is no database or can't be opened;
 * `SQLITE` where the file system fails
 */
export function inspectFile(path: string): FileInspection {
  const checked = checkPath(path)
  const before = statDataFile(checked)
  const found = before && before.size > 0 ? readHeader(checked) : undefined
  // After the header: a file that is being written grows first, or its journal is hot.
  const stats = found instanceof Uint8Array ? statDataFile(checked) : before
  const isThere = stats && found !== 'missing'
  const walBytes = sizeOf(checked, '-wal')
  const shmBytes = sizeOf(checked, '-shm')
  const header = found instanceof Uint8Array ? parseHeader(found) : undefined
  const journal = journalState(checked)
  const missingBytes = !isThere || !header || journal === 'hot-or-live' ? 0 : wantedBytes(header) - stats.size
  return {
    path: checked,
    state: !isThere ? 'missing' : stats.size === 0 ? 'empty' : 'database',
    sizeBytes: isThere ? stats.size : 0,
    ...(missingBytes > 0 && { missingBytes }),
    ...(header && { header }),
    journal,
    journalBytes: journalSize(checked) ?? 0,
    ...(walBytes !== undefined && { walBytes }),
    ...(shmBytes !== undefined && { shmBytes }),
  }
}

function parseHeader(header: Uint8Array): FileHeader {
  const bytes = Buffer.from(header)
  const pageSize = bytes.readUInt16BE(16)
  const applicationId = bytes.readInt32BE(68)
  const pages = bytes.readUInt32BE(28)
  const isCounted = pages > 0 && bytes.readUInt32BE(24) === bytes.readUInt32BE(92)
  return {
    pageSize: pageSize === 1 ? 65_536 : pageSize,
    ...(isCounted && { pages }),
    journalMode: bytes[18] === 2 || bytes[19] === 2 ? 'wal' : 'rollback',
    isFenced: applicationId === FENCE_MARK,
    userVersion: bytes.readInt32BE(60),
    applicationId,
  }
}

/** A database has one page at least. */
const wantedBytes = ({ pages = 1, pageSize }: FileHeader) => pages * pageSize

const sizeOf = (path: string, suffix: string): number | undefined =>
  withTypedErrors(path, () => statSync(`${path}${suffix}`, { throwIfNoEntry: false })?.size)
