import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, openSync, realpathSync, type Stats, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DatabaseError } from '../contract/errors.js'
import { countLeftOpen } from '../engine/libsql-handles.js'
import {
  asDatabaseError,
  isCannotOpen,
  isNotADatabase,
  notADatabase,
  withTypedErrors,
  wrongJournalMode,
} from '../engine/sqlite-error.js'
import { openLibsql } from '../engine/vfs.js'
import { type Pragmas, pragmaScript } from '../sql/pragmas.js'
import { FENCE_MARK } from './fence.js'
import { journalPathOf, journalState, putJournalInPlace, syncFolder } from './journal.js'
import { removeQuietly } from './remove.js'

/** The same file under whatever name it is reached: symbolic links are resolved, also where the file is still to come. */
export function canonicalPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    try {
      return join(realpathSync(dirname(path)), basename(path))
    } catch {
      return path
    }
  }
}

/** What stands at a path. */
export type DataFileState = 'missing' | 'empty' | 'database'

/**
 * Looks at the file before any connection may touch it.
 *
 * It is read through SQLite, with `immutable`: opening and closing it by any other way would drop the locks that this
 * process holds on it (https://www.sqlite.org/howtocorrupt.html#posix_close_bug).
 *
 * @throws DatabaseError `CONFIGURATION` for a folder, a file that is no database, and one in WAL mode
 */
export function inspectDataFile(path: string): DataFileState {
  const stats = statDataFile(path)
  if (!stats) return 'missing'
  if (stats.size === 0) return 'empty'
  const header = readHeader(path)
  if (header === 'missing') return 'missing'
  // https://www.sqlite.org/fileformat2.html#file_format_version_numbers
  if (header?.[18] === 2 || header?.[19] === 2) throw wrongJournalMode(path, 'wal')
  return 'database'
}

/** @throws DatabaseError `CONFIGURATION` for a folder, and for a path in no folder */
export function statDataFile(path: string): Stats | undefined {
  const stats = statIfThere(path)
  if (!stats || stats.isFile()) return stats
  throw new DatabaseError('CONFIGURATION', `${path} is not a file: the url has to name the database file itself.`, {
    path,
    option: 'path',
  })
}

/**
 * The first 100 bytes of the file (https://www.sqlite.org/fileformat2.html#the_database_header), read through SQLite without a
 * lock. Undefined where they can't be had so: a file that somebody is committing to, or was when he died, may seem
 * malformed. A connection that takes its locks, and sees the journal, will tell.
 *
 * @throws DatabaseError `CONFIGURATION` for a file that is no database, or can't be opened
 */
export function readHeader(path: string): Uint8Array | 'missing' | undefined {
  try {
    const libsql = openLibsql(path, { mode: 'ro', immutable: true })
    try {
      // Of a file that ends before its last page SQLite reads nothing otherwise.
      libsql.exec('PRAGMA writable_schema=ON')
      const rows = libsql.prepare('SELECT substr(data, 1, 100) FROM sqlite_dbpage WHERE pgno = 1').raw().all([]) as [
        Uint8Array,
      ][]
      return rows[0]?.[0]
    } finally {
      libsql.close()
      countLeftOpen()
    }
  } catch (error) {
    if (isCannotOpen(error) && !statIfThere(path)) return 'missing'
    if (isNotADatabase(error)) throw notADatabase(path, error)
    if (isCannotOpen(error)) throw asDatabaseError(error, path)
    return undefined
  }
}

function statIfThere(path: string): Stats | undefined {
  const stats = withTypedErrors(path, () => statSync(path, { throwIfNoEntry: false }) ?? statAnew(path))
  if (stats) return stats
  if (!statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory()) {
    throw new DatabaseError(
      'CONFIGURATION',
      `${path} can't be: there is no folder ${dirname(path)}. Create it, or mount the file system first.`,
      { path, option: 'path' },
    )
  }
  return undefined
}

/**
 * An NFS client may say "not there" from memory for half a minute after another host made the file, also to open(). It asks the
 * server when the folder is opened, and forgets what it remembers of a folder that has changed.
 */
function statAnew(path: string): Stats | undefined {
  try {
    closeSync(openSync(dirname(path), 'r'))
  } catch {
    return undefined
  }
  return statSync(path, { throwIfNoEntry: false })
}

/** What a new file is to be. */
export interface NewFile {
  path: string
  pragmas: Pragmas
  fencing: 'user_version' | 'off'
}

/**
 * Creates the database, journal first, and never with zero pages: beside an empty file SQLite deletes the journal. Does
 * nothing where somebody else was first.
 */
export function createDataFile({ path, pragmas, fencing }: NewFile): void {
  const mark = fencing === 'off' ? '' : `PRAGMA application_id=${FENCE_MARK};`
  const temporary = `${path}.${randomBytes(6).toString('hex')}`
  try {
    const libsql = openLibsql(temporary, { mode: 'rwc' })
    try {
      libsql.exec(
        `PRAGMA journal_mode=OFF; ${pragmaScript(pragmas)} PRAGMA user_version=1; PRAGMA user_version=0; ${mark}`,
      )
    } finally {
      libsql.close()
    }
    const file = openSync(temporary, 'r+')
    try {
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    if (!putJournalInPlace(path, temporary)) refuseStrangersJournal(path)
    linkSync(temporary, path)
    syncFolder(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw asDatabaseError(error, path)
  } finally {
    removeQuietly(temporary)
  }
}

/** A hot journal beside a new database would be rolled back into it: it belongs to one that was taken away. */
function refuseStrangersJournal(path: string): void {
  if (journalState(path) !== 'hot-or-live' || statIfThere(path)) return
  throw new DatabaseError(
    'CONFIGURATION',
    `There is no database at ${path}, but ${journalPathOf(path)} holds what a killed writer of another one left. Put that database back, and it is recovered; or delete the journal, if it is not wanted any more.`,
    { path, option: 'path' },
  )
}
