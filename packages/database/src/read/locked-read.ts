import type { Clock } from '@sqlite-efs/lease'
import { Moment } from '@sqlite-efs/lease/internal'
import { DatabaseError } from '../contract/errors.js'
import type { ResultSet, SqlValue, StatementKind } from '../contract/values.js'
import type { Connection } from '../engine/connection.js'
import { isConnectionDoubtful } from '../engine/sqlite-error.js'
import type { LastingRead } from './lasting-read.js'
import type { LastingReaders } from './lasting-readers.js'
import { beginRead, endRead, isUnchanged, MAX_SILENCE_MS } from './read-lock.js'

/** What a {@link LockedRead} works with. */
export interface LockedReadContext {
  path: string
  clock: Clock
  readers: LastingReaders
}

/** A read of the live file that lasts: it holds SQLite's shared lock, for which every COMMIT waits. */
export class LockedRead implements LastingRead {
  readonly #context: LockedReadContext
  #reader: Connection
  #dataVersion: SqlValue
  #lastRead: Moment
  #isLost = false

  /** @throws DatabaseError `SQLITE`: the reader was thrown away then */
  constructor(context: LockedReadContext, reader: Connection) {
    this.#context = context
    this.#reader = reader
    try {
      this.#dataVersion = reader.value('PRAGMA data_version')
    } catch (error) {
      context.readers.throwAway(reader)
      throw error
    }
    this.#lastRead = new Moment(context.clock)
  }

  get isLost(): boolean {
    return this.#isLost
  }

  kindOf(sql: string): StatementKind {
    return this.#reader.kindOf(sql, 'transaction')
  }

  run(sql: string, args: readonly SqlValue[]): ResultSet {
    this.#mustHaveItsLock()
    try {
      const result = { ...this.#reader.run(sql, args), changes: 0 }
      this.#mustHaveItsLock()
      return result
    } catch (error) {
      if (this.#isLost || !isConnectionDoubtful(error)) throw error
      // What it met may be what another writer was changing.
      this.#mustHaveItsLock()
      return { ...this.#replaced(error).run(sql, args), changes: 0 }
    }
  }

  /** The transaction goes on with a new connection, if the file is in the state that the old one has read. */
  #replaced(met: unknown): Connection {
    const { readers } = this.#context
    const reader = this.#reader
    let another: Connection | undefined
    try {
      another = readers.beginBeside()
      if (another.changeCounter() !== reader.changeCounter()) throw met
      this.#dataVersion = another.value('PRAGMA data_version')
    } catch {
      if (another) readers.throwAway(another)
      throw met
    }
    this.#reader = another
    readers.throwAway(reader)
    return another
  }

  #mustHaveItsLock(): void {
    const silentMs = this.#lastRead.elapsedMs()
    this.#lastRead = new Moment(this.#context.clock)
    if (silentMs <= MAX_SILENCE_MS || isUnchanged(this.#reader, this.#dataVersion)) return
    const { path, readers } = this.#context
    this.#isLost = true
    readers.throwAway(this.#reader)
    throw new DatabaseError(
      'WRITE_CONFLICT',
      `This transaction on ${path} read nothing for ${Math.round(silentMs / 1000)} s, and somebody has written the file since: its lock was gone, as after a freeze of its host, and what it reads need not fit to what it has read. Nothing was written; it is safe to try again.`,
      { path },
    )
  }

  end(): void {
    this.#context.readers.end(this.#reader)
  }

  /** Asked on the connection that read: https://www.sqlite.org/pragma.html#pragma_data_version */
  hasChanged(): boolean {
    const reader = this.#reader
    if (reader.isMoved) return true
    beginRead(reader)
    try {
      return reader.value('PRAGMA data_version') !== this.#dataVersion
    } finally {
      endRead(reader)
    }
  }

  giveBack(): void {
    this.#context.readers.giveBack(this.#reader)
  }
}
