import type { Lease } from '@sqlite-efs/lease'
import type { Transaction } from '../contract/database.js'
import { DatabaseError } from '../contract/errors.js'
import type { ResultSet, SqlValue } from '../contract/values.js'
import type { FileConnection } from '../engine/connection.js'
import type { KindCache } from '../sql/kind-cache.js'
import type { Answer } from '../write/job.js'
import type { LeaseGuard } from '../write/lease-guard.js'
import type { WriteTransaction } from '../write/write-transaction.js'

/** What a transaction needs from its file. */
export interface TransactionContext {
  path: string
  kindCache: KindCache
}

/** How a transaction ended whose COMMIT threw. */
export const COMMIT_FAILED = 'is over, as its COMMIT failed'

/** A name as an SQL identifier. */
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

/** A transaction that has the lease and SQLite's write lock from its first moment to its last. */
export class ImmediateTransaction implements Transaction {
  readonly #context: TransactionContext
  readonly #transaction: WriteTransaction
  readonly #signal: AbortSignal
  readonly #end: (answer: Answer) => void
  /** Why it is over. */
  #over: (() => unknown) | undefined
  /** Its end was asked for: no statement is taken any more. */
  #isEnding = false
  /** COMMIT is under way. */
  #committing = false
  /** Settled when all that was sent has been run; undefined where nothing has to wait. */
  #last: Promise<void> | undefined
  readonly #stopListening: () => void

  /** @param end gives the turn to the next, and has the answer given when it is time */
  constructor(context: TransactionContext, { signal }: Lease, begun: WriteTransaction, end: (answer: Answer) => void) {
    this.#context = context
    this.#transaction = begun
    this.#signal = signal
    this.#end = end
    const lost = () => {
      // While COMMIT is under way the guard decides.
      if (!this.#committing) this.#abandon(begun.guard.conflict(signal.reason))
    }
    signal.addEventListener('abort', lost, { once: true })
    this.#stopListening = () => signal.removeEventListener('abort', lost)
    if (signal.aborted) lost()
  }

  async execute(sql: string, args: readonly SqlValue[] = []): Promise<ResultSet> {
    const transaction = this.#transaction
    return this.#inOrder(() => {
      const ask = () => transaction.connection.kindOf(sql, 'transaction')
      return transaction.run(sql, args, this.#context.kindCache.of(sql, 'transaction', ask))
    })
  }

  async savepoint(name: string): Promise<void> {
    await this.#inOrder(() => this.#transaction.connection.exec(`SAVEPOINT ${quoted(name)}`))
  }

  async rollbackTo(name: string): Promise<void> {
    await this.#inOrder(() => {
      const { connection } = this.#transaction
      connection.exec(`ROLLBACK TO ${quoted(name)}`)
      connection.forgetStatements()
    })
  }

  async releaseSavepoint(name: string): Promise<void> {
    await this.#inOrder(() => this.#transaction.connection.exec(`RELEASE ${quoted(name)}`))
  }

  async commit(): Promise<void> {
    this.#mustTakeMore()
    this.#isEnding = true
    while (this.#last) await this.#last
    if (this.#over) throw this.#over()
    this.#committing = true
    let how = 'was committed'
    try {
      await this.#transaction.commit({ trace: this.#transaction.tracer.current() })
    } catch (error) {
      how = COMMIT_FAILED
      // It may have been thrown before COMMIT, by a tracer, say.
      this.#transaction.rollback()
      throw error
    } finally {
      await this.#finish(() => alreadyOver(this.#context.path, how))
    }
  }

  async rollback(): Promise<void> {
    this.#isEnding = true
    // A statement that was sent and waits for the event loop alone is run: its caller has done nothing wrong.
    if (this.#last && !this.#over) await Promise.race([this.#last, this.#guard.afterThisTick()])
    if (this.#over || this.#committing) return
    this.#transaction.rollback()
    await this.#finish(() => alreadyOver(this.#context.path, 'was rolled back'))
  }

  /** The connection that has SQLite's write lock. @throws DatabaseError `TRANSACTION_CLOSED` */
  get connection(): FileConnection {
    return this.#transaction.connection
  }

  /** Another process has written since the transaction that became this one read the file. */
  tellChanged(): void {
    this.#guard.tellConflict('FILE_CHANGED')
  }

  get #guard(): LeaseGuard {
    return this.#transaction.guard
  }

  #mustTakeMore(): void {
    if (this.#over) throw this.#over()
    if (this.#isEnding) throw alreadyOver(this.#context.path, 'is being ended')
  }

  /** Runs a step after those that were sent before: at once, where nothing is to be waited for, and then without a promise. */
  #inOrder<T>(step: () => T): T | Promise<T> {
    this.#mustTakeMore()
    if (this.#last || this.#guard.needsPause) {
      return this.#afterTheLast(async () => {
        await this.#guard.prepare()
        this.#mustHaveItsLease()
        return this.#confirmed(this.#attempt(step))
      })
    }
    const outcome = this.#attempt(step)
    return this.#guard.isAlive ? outcome() : this.#afterTheLast(() => this.#confirmed(outcome))
  }

  #afterTheLast<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#last ? this.#last.then(action) : action()
    const done = () => {
      if (this.#last === last) this.#last = undefined
    }
    const last: Promise<void> = result.then(done, done)
    this.#last = last
    return result
  }

  /** Runs a step; what it came to is given out later. */
  #attempt<T>(step: () => T): () => T {
    try {
      const result = step()
      return () => result
    } catch (error) {
      if (!this.#transaction.isOpen) {
        const why = error instanceof Error ? error.message : String(error)
        this.#abandon(alreadyOver(this.#context.path, `was rolled back by SQLite: ${why}`))
      }
      return () => {
        throw error
      }
    }
  }

  /**
   * Frozen in the middle of it, or busy for longer than the lease lasts, a step may have gone on without SQLite's locks, and read what
   * another writer was changing. What it came to is given out once it is known that no other process had the lease.
   */
  async #confirmed<T>(outcome: () => T): Promise<T> {
    // What SQLite ended is over, whatever the lease says.
    if (this.#over || this.#guard.isAlive) return outcome()
    await this.#guard.renew()
    this.#mustHaveItsLease()
    return outcome()
  }

  #mustHaveItsLease(): void {
    if (this.#over) throw this.#over()
    if (this.#guard.isAlive) return
    const reason = this.#guard.conflict(this.#signal.reason)
    this.#abandon(reason)
    throw reason
  }

  /** It can't go on: gives the locks and the turn back at once, not when the user notices. */
  #abandon(reason: DatabaseError): void {
    if (this.#over) return
    this.#transaction.rollback()
    void this.#finish(() => reason)
  }

  #finish(over: () => unknown): Promise<void> {
    this.#over = over
    this.#stopListening()
    return new Promise((resolve) => this.#end(resolve))
  }
}

export const alreadyOver = (path: string, how: string) =>
  new DatabaseError('TRANSACTION_CLOSED', `The transaction on ${path} ${how}: nothing more can be done in it.`, {
    path,
  })
