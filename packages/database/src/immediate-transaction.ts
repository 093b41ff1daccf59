import type { Classification } from './classification.js'
import type { Transaction } from './database.js'
import { DatabaseError } from './errors.js'
import type { ResultSet, SqlValue } from './statement.js'
import type { Turn } from './turn.js'
import type { Answer } from './write-queue.js'

/** What a transaction needs from its file. */
export interface TransactionContext {
  path: string
  classification: Classification
}

/** A name as an SQL identifier. */
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

/** A transaction that has the lease and SQLite's write lock from its first moment to its last. */
export class ImmediateTransaction implements Transaction {
  readonly #context: TransactionContext
  readonly #turn: Turn
  readonly #end: (answer: Answer) => void
  /** Why it is over. */
  #over: (() => unknown) | undefined
  #committing = false
  readonly #stopListening: () => void

  /** @param end gives the turn to the next, and has the answer given when it is time */
  constructor(context: TransactionContext, turn: Turn, end: (answer: Answer) => void) {
    this.#context = context
    this.#turn = turn
    this.#end = end
    const { signal } = turn.lease
    const lost = () => {
      // While COMMIT is under way the guard decides.
      if (!this.#committing) this.#abandon(turn.writer.conflict(signal.reason))
    }
    signal.addEventListener('abort', lost, { once: true })
    this.#stopListening = () => signal.removeEventListener('abort', lost)
    if (signal.aborted) lost()
  }

  async execute(sql: string, args: readonly SqlValue[] = []): Promise<ResultSet> {
    this.#mustHaveItsLease()
    const { writer } = this.#turn
    const { classification } = this.#context
    return this.#stepping(() =>
      writer.run(
        sql,
        args,
        classification.of(sql, 'transaction', () => writer.connection.kindOf(sql)),
      ),
    )
  }

  async savepoint(name: string): Promise<void> {
    this.#mustHaveItsLease()
    this.#stepping(() => this.#turn.writer.connection.exec(`SAVEPOINT ${quoted(name)}`))
  }

  async rollbackTo(name: string): Promise<void> {
    this.#mustHaveItsLease()
    this.#stepping(() => this.#turn.writer.connection.exec(`ROLLBACK TO ${quoted(name)}`))
    this.#turn.writer.connection.forgetStatements()
  }

  async releaseSavepoint(name: string): Promise<void> {
    this.#mustHaveItsLease()
    this.#stepping(() => this.#turn.writer.connection.exec(`RELEASE ${quoted(name)}`))
  }

  async commit(): Promise<void> {
    this.#mustBeOpen()
    this.#committing = true
    try {
      await this.#turn.commit({ trace: this.#turn.tracer.current() })
    } catch (error) {
      // It may have been thrown before COMMIT, by a tracer, say.
      this.#turn.writer.rollback()
      throw error
    } finally {
      await this.#finish(() => alreadyOver(this.#context.path, 'was committed'))
    }
  }

  async rollback(): Promise<void> {
    if (this.#over || this.#committing) return
    this.#turn.writer.rollback()
    await this.#finish(() => alreadyOver(this.#context.path, 'was rolled back'))
  }

  #mustBeOpen(): void {
    if (this.#over) throw this.#over()
    if (this.#committing) throw alreadyOver(this.#context.path, 'is being committed')
  }

  /** After a freeze a statement may come before the timer that ends the lease, and SQLite's locks may be gone already. */
  #mustHaveItsLease(): void {
    this.#mustBeOpen()
    const { lease, writer } = this.#turn
    if (lease.remainingMs() > 0) return
    const reason = writer.conflict(lease.signal.reason)
    this.#abandon(reason)
    throw reason
  }

  #stepping<T>(step: () => T): T {
    let result: T
    try {
      result = step()
    } catch (error) {
      if (!this.#turn.writer.inTransaction) {
        const why = error instanceof Error ? error.message : String(error)
        this.#abandon(alreadyOver(this.#context.path, `was rolled back by SQLite: ${why}`))
      } else {
        this.#mustHaveItsLease()
      }
      throw error
    }
    // Frozen in the middle of it, it may have gone on without SQLite's locks, and read what another writer was changing.
    this.#mustHaveItsLease()
    return result
  }

  /** It can't go on: gives the locks and the turn back at once, not when the user notices. */
  #abandon(reason: DatabaseError): void {
    if (this.#over) return
    this.#turn.writer.rollback()
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
