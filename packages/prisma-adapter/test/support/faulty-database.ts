import type {
  Database,
  Invocation,
  InvocationOptions,
  ResultSet,
  SqlValue,
  Transaction,
  TransactionOptions,
} from '@sqlite-efs/database'

/** Where the next fault is met. */
export type FaultAt = 'execute' | 'start' | 'statement' | 'commit' | 'savepoint'

/** A database that works, but for one fault at a time, thrown as the real one would throw it. */
export class FaultyDatabase implements Database {
  readonly #inner: Database
  #fault: { at: FaultAt; error: Error } | undefined

  constructor(inner: Database) {
    this.#inner = inner
  }

  get path(): string {
    return this.#inner.path
  }

  /** The next time that `at` comes by, `error` is thrown; once. */
  failNext(at: FaultAt, error: Error): void {
    this.#fault = { at, error }
  }

  beginInvocation(options: InvocationOptions): Invocation {
    return this.#inner.beginInvocation(options)
  }

  async execute(sql: string, args?: readonly SqlValue[]): Promise<ResultSet> {
    this.#meet('execute')
    return this.#inner.execute(sql, args)
  }

  async transaction(options?: TransactionOptions): Promise<Transaction> {
    this.#meet('start')
    const inner = await this.#inner.transaction(options)
    const meet = (at: FaultAt) => this.#meet(at)
    return {
      async execute(sql, args) {
        meet('statement')
        return inner.execute(sql, args)
      },
      async commit() {
        try {
          meet('commit')
        } catch (error) {
          // As the real one: whatever commit throws, the transaction is over.
          await inner.rollback()
          throw error
        }
        await inner.commit()
      },
      async savepoint(name) {
        meet('savepoint')
        await inner.savepoint(name)
      },
      rollback: () => inner.rollback(),
      rollbackTo: (name) => inner.rollbackTo(name),
      releaseSavepoint: (name) => inner.releaseSavepoint(name),
    }
  }

  script(sql: string): Promise<void> {
    return this.#inner.script(sql)
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  #meet(at: FaultAt): void {
    const fault = this.#fault
    if (fault?.at !== at) return
    this.#fault = undefined
    throw fault.error
  }
}
