import type { Clock } from '@sqlite-efs/lease'
import { Moment } from '@sqlite-efs/lease/internal'
import type { Transaction } from '../contract/database.js'
import { DatabaseError } from '../contract/errors.js'
import type { ResultSet, SqlValue, StatementKind } from '../contract/values.js'
import type { Connection } from '../engine/connection.js'
import type { EventLoop } from '../engine/event-loop.js'
import { isConnectionDoubtful } from '../engine/sqlite-error.js'
import type { LastingReaders } from '../read/lasting-readers.js'
import { beginRead, endRead, isUnchanged, MAX_SILENCE_MS } from '../read/read-lock.js'
import {
  alreadyOver,
  COMMIT_FAILED,
  type ImmediateTransaction,
  type TransactionContext,
} from './immediate-transaction.js'

/** What a deferred transaction needs from its file. */
export interface DeferredContext extends TransactionContext {
  clock: Clock
  eventLoop: EventLoop
  readers: LastingReaders
  /** Takes the turn, the lease and SQLite's write lock. */
  beginImmediate(): Promise<ImmediateTransaction>
}

/**
 * A transaction that begins as a read, and never touches the lease if it stays one. Its first write ends the read,
 * takes the lease, and goes on if nobody has written in between.
 */
export class DeferredTransaction implements Transaction {
  readonly #context: DeferredContext
  #dataVersion: SqlValue
  #reader: Connection | undefined
  #writing: Transaction | undefined
  /** Savepoints of the reading half: nothing was written since, so they can be set again. */
  #savepoints: string[] = []
  #hasRead = false
  #lastRead: Moment
  #tail: Promise<unknown> = Promise.resolve()
  #over: (() => unknown) | undefined

  /** @throws DatabaseError `SQLITE`: the reader was thrown away then */
  constructor(context: DeferredContext, reader: Connection) {
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

  execute(sql: string, args: readonly SqlValue[] = []): Promise<ResultSet> {
    return this.#inOrder(async () => {
      // The writing half looks to that itself.
      if (!this.#writing) await this.#context.eventLoop.pause()
      const reader = this.#reader
      if (reader && this.#kindOf(sql, reader) === 'read') {
        this.#mustHaveItsLock(reader)
        this.#hasRead = true
        return this.#read(reader, sql, args)
      }
      this.#writing ??= await this.#upgrade()
      return this.#writing.execute(sql, args)
    })
  }

  savepoint(name: string): Promise<void> {
    return this.#inOrder(async () => {
      if (this.#writing) return this.#writing.savepoint(name)
      this.#savepoints.push(name)
    })
  }

  rollbackTo(name: string): Promise<void> {
    return this.#inOrder(async () => {
      if (this.#writing) return this.#writing.rollbackTo(name)
      this.#savepoints.length = this.#indexOf(name) + 1
    })
  }

  releaseSavepoint(name: string): Promise<void> {
    return this.#inOrder(async () => {
      if (this.#writing) return this.#writing.releaseSavepoint(name)
      this.#savepoints.length = this.#indexOf(name)
    })
  }

  commit(): Promise<void> {
    return this.#inOrder(async () => {
      this.#over = () => alreadyOver(this.#context.path, 'was committed')
      this.#endReading()
      try {
        await this.#writing?.commit()
      } catch (error) {
        this.#over = () => alreadyOver(this.#context.path, COMMIT_FAILED)
        throw error
      }
    })
  }

  rollback(): Promise<void> {
    return this.#next(async () => {
      // What was before it may have ended it.
      if (this.#over) return
      this.#over = () => alreadyOver(this.#context.path, 'was rolled back')
      this.#endReading()
      await this.#writing?.rollback()
    })
  }

  #kindOf(sql: string, reader: Connection): StatementKind {
    return this.#context.kindCache.of(sql, 'transaction', () => reader.kindOf(sql, 'transaction'))
  }

  #read(reader: Connection, sql: string, args: readonly SqlValue[]): ResultSet {
    try {
      const result = { ...reader.run(sql, args), changes: 0 }
      this.#mustHaveItsLock(reader)
      return result
    } catch (error) {
      if (!isConnectionDoubtful(error)) throw error
      // What it met may be what another writer was changing.
      this.#mustHaveItsLock(reader)
      return { ...this.#replaced(reader, error).run(sql, args), changes: 0 }
    }
  }

  /** The transaction goes on with a new connection, if the file is in the state that the old one has read. */
  #replaced(reader: Connection, met: unknown): Connection {
    const { readers } = this.#context
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

  #mustHaveItsLock(reader: Connection): void {
    const silentMs = this.#lastRead.elapsedMs()
    this.#lastRead = new Moment(this.#context.clock)
    if (silentMs <= MAX_SILENCE_MS || isUnchanged(reader, this.#dataVersion)) return
    const { path, readers } = this.#context
    this.#reader = undefined
    const error = new DatabaseError(
      'WRITE_CONFLICT',
      `This transaction on ${path} read nothing for ${Math.round(silentMs / 1000)} s, and somebody has written the file since: its lock was gone, as after a freeze of its host, and what it reads need not fit to what it has read. Nothing was written; it is safe to try again.`,
      { path },
    )
    this.#over = () => error
    readers.throwAway(reader)
    throw error
  }

  async #upgrade(): Promise<Transaction> {
    const reader = this.#reader
    if (!reader) throw alreadyOver(this.#context.path, 'could not go on writing')
    const { readers, path } = this.#context
    this.#reader = undefined
    try {
      readers.end(reader)
      const writing = await this.#context.beginImmediate()
      try {
        if (this.#hasRead && this.#hasChanged(reader)) {
          writing.tellChanged()
          throw new DatabaseError(
            'WRITE_CONFLICT',
            `Somebody else has written ${path} since this transaction read it. Nothing was written; it is safe to try again. (transactionMode: 'immediate' takes the lease first, and never has to be tried again.)`,
            { path, option: 'transactionMode' },
          )
        }
        for (const name of this.#savepoints) await writing.savepoint(name)
        return writing
      } catch (error) {
        await writing.rollback()
        throw error
      }
    } catch (error) {
      this.#over = () => error
      throw error
    } finally {
      readers.giveBack(reader)
    }
  }

  /** Asked on the connection that read, while nobody else can write: https://www.sqlite.org/pragma.html#pragma_data_version */
  #hasChanged(reader: Connection): boolean {
    if (reader.isMoved) return true
    beginRead(reader)
    try {
      return reader.value('PRAGMA data_version') !== this.#dataVersion
    } finally {
      endRead(reader)
    }
  }

  #endReading(): void {
    const reader = this.#reader
    if (!reader) return
    this.#reader = undefined
    try {
      this.#context.readers.end(reader)
    } catch {
      // What was read was right, and the connection is in doubt now: it is not kept.
    }
    this.#context.readers.giveBack(reader)
  }

  #indexOf(name: string): number {
    const index = this.#savepoints.lastIndexOf(name)
    if (index < 0)
      throw new DatabaseError('SQLITE', `no such savepoint: ${name}`, { path: this.#context.path, extendedCode: 1 })
    return index
  }

  #inOrder<T>(step: () => Promise<T>): Promise<T> {
    return this.#next(() => {
      if (this.#over) throw this.#over()
      return step()
    })
  }

  #next<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(step)
    this.#tail = result.catch(() => {})
    return result
  }
}
