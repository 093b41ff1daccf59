import type {
  CheckResult,
  ContentOptions,
  Database,
  HoldOptions,
  Invocation,
  InvocationOptions,
  LeaseHandle,
  MigrateOptions,
  MigrateResult,
  MigrationStatus,
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

  migrate(directory: string, options?: MigrateOptions): Promise<MigrateResult> {
    return this.#inner.migrate(directory, options)
  }

  migrationStatus(directory: string): Promise<MigrationStatus> {
    return this.#inner.migrationStatus(directory)
  }

  resolveMigration(directory: string, name: string, as: 'applied' | 'rolled-back'): Promise<void> {
    return this.#inner.resolveMigration(directory, name, as)
  }

  recover(): Promise<boolean> {
    return this.#inner.recover()
  }

  check(): Promise<string[]> {
    return this.#inner.check()
  }

  checkCopy(options?: ContentOptions): Promise<CheckResult> {
    return this.#inner.checkCopy(options)
  }

  snapshot(...args: Parameters<Database['snapshot']>): ReturnType<Database['snapshot']> {
    return this.#inner.snapshot(...args)
  }

  restore(...args: Parameters<Database['restore']>): ReturnType<Database['restore']> {
    return this.#inner.restore(...args)
  }

  vacuum(...args: Parameters<Database['vacuum']>): ReturnType<Database['vacuum']> {
    return this.#inner.vacuum(...args)
  }

  hold<T>(body: (held: LeaseHandle) => Promise<T>, options?: HoldOptions): Promise<T> {
    return this.#inner.hold(body, options)
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
