import { randomBytes } from 'node:crypto'
import { closeSync, fstatSync, fsyncSync, linkSync, openSync, statSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname } from 'node:path'
import { DatabaseError } from '../contract/errors.js'
import { asDatabaseError, isFull, withTypedErrors } from '../engine/sqlite-error.js'
import { readFully, writeFully } from './descriptor.js'
import { giveMode, modeOf } from './file-mode.js'
import { removeQuietly } from './remove.js'

/*
 * The journal file always exists and is never empty: NFS clients remember "not there" and "size 0", and SQLite looks
 * for a hot journal with stat(). Measured on NFSv4.1: with a journal that comes and goes, another host reads what a
 * killed writer left half written in every run; with one that is always there, in none (docs/architecture.md).
 */

const EMPTY_HEADER = Buffer.alloc(512)
/** What a journal that may be hot begins with: https://www.sqlite.org/fileformat2.html#the_rollback_journal */
export const JOURNAL_MAGIC = Buffer.from('d9d505f920a163d7', 'hex')

export const journalPathOf = (path: string) => `${path}-journal`

/** What the journal file tells: open() is what makes an NFS client ask the server. */
export type JournalState = 'missing' | 'empty' | 'cold' | 'hot-or-live'

/**
 * Looks at the journal beside the database.
 *
 * @param look only tests give another one
 * @throws DatabaseError `SQLITE`, `CONFIGURATION`
 */
export function journalState(path: string, look = lookAtJournal): JournalState {
  return withTypedErrors(path, () => {
    try {
      return look(path)
    } catch (error) {
      // Another host deleted or replaced the file between the look at its name and the look at it: NFS asks anew.
      if (!isStale(error)) throw error
      return look(path)
    }
  })
}

function lookAtJournal(path: string): JournalState {
  let file: number
  try {
    file = openSync(journalPathOf(path), 'r')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'missing'
    throw error
  }
  try {
    if (fstatSync(file).size === 0) return 'empty'
    return readFully(file, 0, JOURNAL_MAGIC.length).equals(JOURNAL_MAGIC) ? 'hot-or-live' : 'cold'
  } finally {
    closeSync(file)
  }
}

/** The journal's size as SQLite has just seen it, at no remote call of its own; undefined where there is none. */
export const journalSize = (path: string): number | undefined =>
  withTypedErrors(path, () => statSync(journalPathOf(path), { throwIfNoEntry: false })?.size)

/**
 * Puts a journal of zeros in place where there is none. Safe at any time and from any host: link() fails where somebody
 * else was first. Returns whether it did.
 *
 * @param like the file whose pages it will hold, and whose mode it gets; the database, where it has that name already
 * @throws DatabaseError `CONFIGURATION` when the folder can't be written, `SQLITE` when the disk is full
 */
export function putJournalInPlace(path: string, like = path): boolean {
  const temporary = `${journalPathOf(path)}.${randomBytes(6).toString('hex')}`
  try {
    writeSynced(temporary, 'wx', modeOf(like))
    linkSync(temporary, journalPathOf(path))
    syncFolder(path)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw isFull(error) ? asDatabaseError(error, path) : notWritable(path, error)
  } finally {
    removeQuietly(temporary)
  }
}

/**
 * Gives an empty journal its first bytes. Only while this process holds SQLite's RESERVED lock: otherwise a writer could
 * have filled it in the meantime.
 */
function fillEmptyJournal(path: string): void {
  withTypedErrors(path, () => writeSynced(journalPathOf(path), 'r+'))
}

/** A stranger in DELETE or TRUNCATE mode took the journal away: put it back before anything depends on it. Says whether it had to. */
export function keepJournal(path: string): boolean {
  const size = journalSize(path)
  if (size === undefined) putJournalInPlace(path)
  if (size === 0) fillEmptyJournal(path)
  return !size
}

function writeSynced(file: string, flags: 'wx' | 'r+', mode?: number): void {
  const descriptor = openSync(file, flags, mode ?? 0o666)
  try {
    if (mode !== undefined) giveMode(descriptor, mode)
    writeFully(descriptor, 0, EMPTY_HEADER)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Makes a new name in the database's folder durable. Where it fails, SQLite does it with the first sync of its journal. */
export function syncFolder(path: string): void {
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

function notWritable(path: string, error: unknown): DatabaseError {
  return new DatabaseError(
    'CONFIGURATION',
    `The folder of ${path} can't be written (${(error as Error).message}): SQLite needs its rollback journal beside the database, for readers too. Mount it read-write, and let the user of this process own it (on EFS: the access point's user).`,
    { path, option: 'path' },
    { cause: error },
  )
}

/** Node has no name for it: its code is "Unknown system error -116". */
const isStale = (error: unknown) => (error as NodeJS.ErrnoException).errno === -constants.errno.ESTALE

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code
