import type { ConnectionInfo, IsolationLevel, SqlDriverAdapter } from '@prisma/driver-adapter-utils'
import type { Database } from '@sqlite-efs/database'
import type { TimestampFormat } from './arguments.js'
import { PrismaSqliteEfsError } from './errors.js'
import { Queryable, withPrismaErrors } from './queryable.js'
import { SqliteEfsTransaction } from './transaction.js'

/** What one connected client needs to know of the options. */
export interface AdapterOptions {
  timestampFormat: TimestampFormat
  transactionMode: 'immediate' | 'deferred'
}

/** One connected client: from `connect()` to `$disconnect()`. */
export class SqliteEfsAdapter extends Queryable implements SqlDriverAdapter {
  readonly #database: Database
  readonly #options: AdapterOptions

  constructor(database: Database, options: AdapterOptions) {
    super(database, options.timestampFormat)
    this.#database = database
    this.#options = options
  }

  executeScript(script: string): Promise<void> {
    return withPrismaErrors('[executeScript]', () => this.#database.script(script))
  }

  async startTransaction(isolationLevel?: IsolationLevel): Promise<SqliteEfsTransaction> {
    if (isolationLevel !== undefined && isolationLevel !== 'SERIALIZABLE') throw invalidIsolationLevel(isolationLevel)
    const { transactionMode, timestampFormat } = this.#options
    const transaction = await withPrismaErrors('[startTransaction]', () =>
      this.#database.transaction({ mode: transactionMode }),
    )
    return new SqliteEfsTransaction(transaction, timestampFormat)
  }

  /** Prisma assumes 999 parameters a statement, and would split longer lists over a transaction. */
  getConnectionInfo(): ConnectionInfo {
    return { maxBindValues: 32_766, supportsRelationJoins: false }
  }

  dispose(): Promise<void> {
    return withPrismaErrors('[dispose]', () => this.#database.close())
  }
}

function invalidIsolationLevel(level: string): PrismaSqliteEfsError {
  return new PrismaSqliteEfsError({
    code: 'P2023',
    message: `Isolation level ${level} is not supported: SQLite's transactions are SERIALIZABLE`,
    kind: { kind: 'InvalidIsolationLevel', level },
  })
}
