import { DatabaseError } from '@sqlite-efs/database'
import type { Actor } from './actor.js'

/**
 * What SQLite's own file locks are worth: kept while their process lives, dropped when it is silent for long (as NFSv4.1's
 * are), or not there at all. Then the lease, the guard and the fence must do alone.
 */
export type FileLocks = 'kept' | 'dropped after a silence' | 'off'

/** A COMMIT that is under way. */
export interface Commit {
  readonly process: Actor
  readonly token: number
  readonly transaction: Transaction
}

/** What one transaction has done, seen by nobody else before its COMMIT ends. */
export interface Transaction {
  /** The file's version that it has read. */
  readonly version: number
  /** The file's fence as it was then. */
  readonly fence: number | undefined
  readonly rows: string[]
  mark: number
  userVersion: number
  /** Its COMMIT was asked for already, and met BUSY. */
  isToBeCommitted: boolean
}

/** Hears of what happens to the file; it says what is a violation. */
export interface FileObserver {
  began(process: Actor, transaction: Transaction): void
  wrote(process: Actor, transaction: Transaction): void
  commitStarted(commit: Commit): void
  /** `before` is the fence as it was in the file. */
  commitEnded(commit: Commit, before: { fence: number | undefined }): void
}

/** One database file on a shared file system, as far as its writers see it. */
export class SimulatedFile {
  readonly path = '/mnt/efs/simulated.db'
  readonly locks: FileLocks
  readonly observer: FileObserver
  /** How often it was committed to. */
  version = 0
  mark = 0
  userVersion = 0
  /** The whole ticket of the last commit, whatever the header says: that is to have 31 bits of it. */
  fence: number | undefined
  /** What was committed, in its order. */
  rows: string[] = []
  readonly commits = new Set<Commit>()
  /** Somebody who does not ask for the lease has the file. */
  isLockedByStranger = false
  /** Until when somebody reads it who does not ask for the lease: that keeps nobody from it but who wants to commit. */
  readByStrangerUntilMs = 0
  /** The connection that has the write lock. */
  #reserved: object | undefined

  constructor(locks: FileLocks, observer: FileObserver) {
    this.locks = locks
    this.observer = observer
  }

  /** @throws DatabaseError with SQLite's BUSY */
  begin(connection: object): Transaction {
    this.mustBeFree(connection)
    if (this.locks !== 'off') this.#reserved = connection
    const { version, fence, mark, userVersion } = this
    return { version, fence, mark, userVersion, rows: [], isToBeCommitted: false }
  }

  /** @throws DatabaseError with SQLite's BUSY */
  mustBeFree(connection: object): void {
    if (this.locks === 'off') return
    const isTaken = this.#reserved !== undefined && this.#reserved !== connection
    if (isTaken || this.isLockedByStranger) throw sqliteError(this.path, 5, 'database is locked')
  }

  /** @throws DatabaseError with SQLite's BUSY */
  mustBeUnread(atMs: number): void {
    if (this.locks !== 'off' && atMs < this.readByStrangerUntilMs) throw sqliteError(this.path, 5, 'database is locked')
  }

  letGoByStrangers(): void {
    this.isLockedByStranger = false
    this.readByStrangerUntilMs = 0
  }

  release(connection: object): void {
    if (this.#reserved === connection) this.#reserved = undefined
  }

  start(commit: Commit): void {
    this.commits.add(commit)
    this.observer.commitStarted(commit)
  }

  /** A writer died: what it left half written is rolled back by whoever comes next. */
  tear(process: Actor): void {
    for (const commit of this.commits) if (commit.process === process) this.commits.delete(commit)
  }

  /** Its I/O error came before its commit point: nothing of it is there. */
  fail(commit: Commit): void {
    this.commits.delete(commit)
  }

  end(commit: Commit): void {
    const { transaction, token } = commit
    const before = { fence: this.fence }
    this.commits.delete(commit)
    this.observer.commitEnded(commit, before)
    this.rows.push(...transaction.rows)
    this.version++
    this.mark = transaction.mark
    this.userVersion = transaction.userVersion
    this.fence = token
  }
}

export const sqliteError = (path: string, extendedCode: number, message: string) =>
  new DatabaseError('SQLITE', message, { path, extendedCode })
