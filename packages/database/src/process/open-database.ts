import type { Database, DatabaseOptions, Transaction, TransactionOptions } from '../contract/database.js'
import { DatabaseError } from '../contract/errors.js'
import type { Invocation, InvocationOptions } from '../contract/invocation.js'
import type { ResultSet, SqlValue } from '../contract/values.js'
import { createDataFile } from '../file/data-file.js'
import { memoryDatabase } from '../file/memory-database.js'
import {
  type CheckedOptions,
  checkOptions,
  checkPath,
  MEMORY,
  milliseconds,
  type TestOptions,
} from '../file/options.js'
import { checkedArguments } from '../sql/arguments.js'
import { withoutTrailingComment } from '../sql/scanner.js'
import type { LeasedFile } from './leased-file.js'
import { joinFile, leaveFile } from './registry.js'

/**
 * Opens the database at `options.path`. Nothing is touched before the first statement; a file that is not there is
 * created by the first script, or the first statement that defines something.
 *
 * @throws DatabaseError `CONFIGURATION` naming the option and its value
 */
export function openDatabase(options: DatabaseOptions): Database {
  if (options.path !== MEMORY) return new OpenDatabase(checkOptions(options, checkPath(options.path)))
  checkOptions(options, MEMORY)
  const { path, remove } = memoryDatabase()
  const checked = checkOptions(options, path)
  createDataFile(checked)
  return new OpenDatabase(checked, remove)
}

/**
 * Checks options as {@link openDatabase} does, and opens nothing.
 *
 * @throws DatabaseError `CONFIGURATION` naming the option and its value
 */
export function checkDatabaseOptions(options: DatabaseOptions): void {
  checkOptions(options, options.path === MEMORY ? MEMORY : checkPath(options.path))
}

/** By its name, so that it is found where this package is loaded twice. */
const OPERATE = Symbol.for('@sqlite-efs/database.operate@1')

/**
 * Runs an operation on the file of a database.
 *
 * @throws DatabaseError `CLOSED`; `INVALID_ARGUMENT` for what {@link openDatabase} did not make
 */
export async function operateOn<T>(database: Database, operation: (file: LeasedFile) => Promise<T>): Promise<T> {
  const operate = (database as Partial<OpenDatabase> | undefined)?.[OPERATE]
  if (operate) return operate.call(database, operation) as Promise<T>
  throw new DatabaseError('INVALID_ARGUMENT', 'The first argument is no database: give what openDatabase returns.')
}

/** One user of a file in this process. */
class OpenDatabase implements Database {
  readonly #options: CheckedOptions
  readonly #afterClose: () => void
  readonly #transactions = new Set<Transaction>()
  readonly #underWay = new Set<Promise<unknown>>()
  #file: LeasedFile | undefined
  #closing: Promise<void> | undefined

  constructor(options: CheckedOptions & TestOptions, afterClose = () => {}) {
    this.#options = options
    this.#afterClose = afterClose
    this.#file = joinFile(options)
  }

  get path(): string {
    return this.#options.path
  }

  async execute(sql: string, args: readonly SqlValue[] = []): Promise<ResultSet> {
    const checked = checkedArguments(args)
    const { timeoutMs, followUpMicrotasks } = this.#options
    return this.#tracked(this.#open.execute(withoutTrailingComment(sql), checked, timeoutMs, followUpMicrotasks))
  }

  async script(sql: string): Promise<void> {
    await this.#tracked(this.#open.script(sql, this.#options.timeoutMs))
  }

  async transaction(options: TransactionOptions = {}): Promise<Transaction> {
    const transaction = await this.#tracked(this.#begin(options))
    return {
      execute: async (sql, args = []) => transaction.execute(withoutTrailingComment(sql), checkedArguments(args)),
      savepoint: (name) => transaction.savepoint(name),
      rollbackTo: (name) => transaction.rollbackTo(name),
      releaseSavepoint: (name) => transaction.releaseSavepoint(name),
      commit: () => this.#ended(transaction, transaction.commit()),
      rollback: () => this.#ended(transaction, transaction.rollback()),
    }
  }

  async #begin(options: TransactionOptions): Promise<Transaction> {
    const { mode = 'immediate' } = options
    const timeoutMs = milliseconds('timeoutMs', options.timeoutMs, this.#options.transactionTimeoutMs)
    const begin = mode === 'deferred' ? this.#open.beginDeferred(timeoutMs) : this.#open.beginImmediate(timeoutMs)
    const transaction = await begin
    if (this.#closing) {
      // Whatever waits for its turn behind it is waited for.
      await transaction.rollback()
      throw this.#closed()
    }
    const isTooLate = this.#open.invocations.current()?.enlist(transaction)
    if (isTooLate) {
      await transaction.rollback()
      throw isTooLate
    }
    this.#transactions.add(transaction)
    return transaction
  }

  [OPERATE]<T>(operation: (file: LeasedFile) => Promise<T>): Promise<T> {
    return this.#tracked(operation(this.#open))
  }

  beginInvocation(options: InvocationOptions): Invocation {
    if (!this.#file) throw this.#closed()
    // A user of its own: the file stays open until its end, whoever else is done with it.
    const file = joinFile({ ...this.#options, onEvent: undefined })
    try {
      return file.beginInvocation(options, () => leaveFile(file, undefined))
    } catch (error) {
      void leaveFile(file, undefined)
      throw error
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    if (!file) return
    await Promise.allSettled([...this.#transactions].map((transaction) => transaction.rollback()))
    await Promise.allSettled(this.#underWay)
    await leaveFile(file, this.#options.onEvent)
    this.#afterClose()
  }

  get #open(): LeasedFile {
    if (!this.#file) throw this.#closed()
    return this.#file
  }

  #closed(): DatabaseError {
    return new DatabaseError('CLOSED', `${this.path} was closed here: open it again.`, { path: this.path })
  }

  #tracked<T>(promise: Promise<T>): Promise<T> {
    this.#underWay.add(promise)
    this.#file?.invocations.track(promise)
    const done = () => void this.#underWay.delete(promise)
    promise.then(done, done)
    return promise
  }

  #ended(transaction: Transaction, ending: Promise<void>): Promise<void> {
    this.#transactions.delete(transaction)
    const file = this.#file
    const struck = ending.finally(() => file?.invocations.strike(transaction))
    return this.#tracked(struck)
  }
}
