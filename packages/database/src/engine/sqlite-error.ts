import { DatabaseError } from '../contract/errors.js'
import type { SqlValue } from '../contract/values.js'

// https://www.sqlite.org/rescode.html
export const GENERIC_ERROR = 1
const BUSY = 5
export const NOMEM = 7
const READONLY = 8
const IOERR = 10
export const CORRUPT = 11
export const FULL = 13
const CANTOPEN = 14
const CONSTRAINT = 19
const NOTADB = 26
export const READONLY_ROLLBACK = 776
/** The file was replaced or deleted under the connection. */
const READONLY_DBMOVED = 1032

/** SQLite's extended result code of what libsql threw; 0 when SQLite had no part in it. */
export function extendedCodeOf(error: unknown): number {
  if (!(error instanceof Error)) return 0
  if (error instanceof DatabaseError) return error.details.extendedCode ?? 0
  if ('rawCode' in error && typeof error.rawCode === 'number') return error.rawCode
  if ('syscall' in error) return ofSystemError((error as NodeJS.ErrnoException).code)
  // A failed open comes without a code, but for the number at the end of its text.
  const opening = /^ConnectionFailed\(.*: (\d+)"?\)$/s.exec(error.message)
  return opening ? Number(opening[1]) : 0
}

/** What SQLite would have said, had it met the error of the file system instead of Node. */
const ofSystemError = (code: string | undefined) =>
  code === 'ENOSPC' || code === 'EDQUOT' ? FULL : ['EROFS', 'EACCES', 'EPERM'].includes(code ?? '') ? READONLY : IOERR

const primaryCodeOf = (error: unknown) => extendedCodeOf(error) & 0xff

/** Somebody else holds a lock. */
export const isBusy = (error: unknown) => primaryCodeOf(error) === BUSY
/** A read-only connection met a hot journal: what a dead writer left has to be rolled back first. */
export const needsRecovery = (error: unknown) => extendedCodeOf(error) === READONLY_ROLLBACK
/** The connection may hold locks or pages that are worth nothing any more. */
export const isConnectionDoubtful = (error: unknown) =>
  [IOERR, CORRUPT, NOTADB].includes(primaryCodeOf(error)) || isMoved(error)
/** A page is not what it has to be, or is not there. */
export const isMalformed = (error: unknown) => primaryCodeOf(error) === CORRUPT
/** Another file stands at the path than the one that the connection has open, or none. */
export const isMoved = (error: unknown) => extendedCodeOf(error) === READONLY_DBMOVED
export const isNotADatabase = (error: unknown) => primaryCodeOf(error) === NOTADB
export const isCannotOpen = (error: unknown) => primaryCodeOf(error) === CANTOPEN
export const isReadOnly = (error: unknown) => primaryCodeOf(error) === READONLY && !needsRecovery(error)
export const isFull = (error: unknown) => primaryCodeOf(error) === FULL
export const isConstraint = (error: unknown) => primaryCodeOf(error) === CONSTRAINT
/**
 * Whether the file can say what became of a COMMIT that failed so: the file system has refused something, and nothing of it is under way
 * any more. After an I/O error it can't: what the host has sent, or keeps in memory, may reach the file later, or never.
 */
export const isCommitsEndInTheFile = (error: unknown) => [CONSTRAINT, FULL, READONLY].includes(primaryCodeOf(error))

/** SQLite's error as this package's own; others pass through. */
export function asDatabaseError(error: unknown, path: string): unknown {
  const extendedCode = extendedCodeOf(error)
  if (extendedCode === 0 || error instanceof DatabaseError || !(error instanceof Error)) return error
  forgetFrames(error)
  if (extendedCode === READONLY_DBMOVED) return moved(path, error)
  if (isReadOnly(error) || isCannotOpen(error)) {
    return new DatabaseError(
      'CONFIGURATION',
      `${path} can't be opened or written (${error.message}): the file and its folder must be writable, mounted read-write, and the user of this process must own them (on EFS: the access point's user).`,
      { path, option: 'path', extendedCode, sqliteMessage: error.message },
      { cause: error },
    )
  }
  return new DatabaseError(
    'SQLITE',
    `${error.message}${wayOut(extendedCode & 0xff, path)}`,
    { path, extendedCode, sqliteMessage: error.message },
    { cause: error },
  )
}

/** What SQLite's own words leave out. */
function wayOut(code: number, path: string): string {
  switch (code) {
    case CORRUPT:
      return `: ${path}. A failed read of the file server shows in the same way, so try again first. If it stays, run \`sqlite-efs check\` on the file, and restore it from a snapshot.`
    case IOERR:
      return `: ${path}. Try again; if it stays, look at the mount, the network and the file server.`
    case FULL:
      return `: ${path}. Make room, and try again.`
    default:
      return ''
  }
}

/**
 * Until its stack is read, an error refers to what its functions were called on: libsql's statement, which keeps its file
 * open for as long as somebody keeps the error.
 */
const forgetFrames = (error: Error) => error.stack

/** Has errors of SQLite and of the file system come out as this package's own. */
export function withTypedErrors<T>(path: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw asDatabaseError(error, path)
  }
}

/** Another file stands at the path than the one that is written, or none. */
export const moved = (path: string, cause?: unknown) =>
  new DatabaseError(
    'WRITE_CONFLICT',
    `${path} was replaced or deleted while it was being written. Nothing was written; it is safe to try again.`,
    { path, extendedCode: READONLY_DBMOVED },
    { cause },
  )

/** The file holds something else than a SQLite database. */
export const notADatabase = (path: string, cause: unknown) =>
  new DatabaseError(
    'CONFIGURATION',
    `${path} is not a SQLite database: check the path, or restore it from a backup.`,
    { path, option: 'path', extendedCode: 26 },
    { cause },
  )

/** The journal mode is not, and can't be made, the one that is safe over NFS. */
export const wrongJournalMode = (path: string, mode: SqlValue) =>
  new DatabaseError(
    'CONFIGURATION',
    `${path} is in journal mode ${String(mode).toUpperCase()}, which does not work over a network file system. Close every program that uses it, then run \`sqlite3 ${path} "PRAGMA journal_mode=DELETE"\` once.`,
    { path, option: 'path' },
  )
