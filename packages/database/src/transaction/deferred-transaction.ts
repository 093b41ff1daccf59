import type { Transaction } from '../contract/database.js'
import { DatabaseError } from '../contract/errors.js'
import type { ResultSet, SqlValue, StatementKind } from '../contract/values.js'
import type { EventLoop } from '../engine/event-loop.js'
import type { LastingRead } from '../read/lasting-read.js'
import {
  alreadyOver,
  COMMIT_FAILED,
  type ImmediateTransaction,
  type TransactionContext,
} from './immediate-transaction.js'

/** What a deferred transaction needs from its file. */
export interface DeferredContext extends TransactionContext {
  eventLoop: EventLoop
  /** Takes the turn, the lease and SQLite's write lock. */
  beginImmediate(): Promise<ImmediateTransaction>
}

/**
 * A transaction that begins as a read, and never touches the lease if it stays one. Its first write ends the read,
 * takes the lease, and goes on if nobody has written in between.
 */
export class DeferredTransaction implements Transaction {
  readonly #context: DeferredContext
  #reading: LastingRead | undefined
  #writing: Transaction | undefined
  /** Savepoints of the reading half: nothing was written since, so they can be set again. */
  #savepoints: string[] = []
  #hasRead = false
  #tail: Promise<unknown> = Promise.resolve()
  #over: (() => unknown) | undefined

  constructor(context: DeferredContext, reading: LastingRead) {
    this.#context = context
    this.#reading = reading
  }

  execute(sql: string, args: readonly SqlValue[] = []): Promise<ResultSet> {
    return this.#inOrder(async () => {
      // The writing half looks to that itself.
      if (!this.#writing) await this.#context.eventLoop.pause()
      const reading = this.#reading
      if (reading && this.#answeredBy(reading, () => this.#kindOf(sql, reading)) === 'read') {
        this.#hasRead = true
        return this.#answeredBy(reading, () => reading.run(sql, args))
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

  #kindOf(sql: string, reading: LastingRead): StatementKind {
    return this.#context.kindCache.of(sql, 'transaction', () => reading.kindOf(sql))
  }

  /** Asks the reading half, and is over where that is lost. */
  #answeredBy<T>(reading: LastingRead, action: () => T): T {
    try {
      return action()
    } catch (error) {
      if (reading.isLost) {
        this.#reading = undefined
        this.#over = () => error
      }
      throw error
    }
  }

  async #upgrade(): Promise<Transaction> {
    const reading = this.#reading
    if (!reading) throw alreadyOver(this.#context.path, 'could not go on writing')
    const { path } = this.#context
    this.#reading = undefined
    try {
      reading.end()
      const writing = await this.#context.beginImmediate()
      try {
        if (this.#hasRead && reading.hasChanged(writing)) {
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
      reading.giveBack()
    }
  }

  #endReading(): void {
    const reading = this.#reading
    if (!reading) return
    this.#reading = undefined
    try {
      reading.end()
    } catch {
      // What was read was right, and the connection is in doubt now: it is not kept.
    }
    reading.giveBack()
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
