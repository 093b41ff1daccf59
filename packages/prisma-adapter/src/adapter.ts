import type {
  ConnectionInfo,
  IsolationLevel,
  SqlDriverAdapter,
  SqlQuery,
  SqlResultSet,
} from '@prisma/driver-adapter-utils'
import { type Database, splitStatements } from '@sqlite-efs/database'
import { PrismaSqliteEfsError } from './errors/errors.js'
import { type Conversion, Queryable, withPrismaErrors } from './queryable.js'
import { onEmptyDatabase, SchemaEngineSession, wordedForSchemaEngine } from './schema-engine.js'
import { SqliteEfsTransaction } from './transaction.js'

/** What one connected client needs to know of the options. */
export interface AdapterOptions extends Conversion {
  transactionMode: 'immediate' | 'deferred'
}

/** One connected client: from `connect()` to `$disconnect()`. */
export class SqliteEfsAdapter extends Queryable implements SqlDriverAdapter {
  readonly #database: Database
  readonly #options: AdapterOptions
  /** Until a PrismaClient shows itself: see {@link getConnectionInfo}. */
  #schemaEngine: SchemaEngineSession | undefined

  constructor(database: Database, options: AdapterOptions) {
    super(database, options)
    this.#database = database
    this.#options = options
    this.#schemaEngine = new SchemaEngineSession(database)
  }

  override queryRaw(query: SqlQuery): Promise<SqlResultSet> {
    if (!this.#schemaEngine) return super.queryRaw(query)
    return this.#forSchemaEngine(async () => {
      await this.#flush()
      try {
        return await super.queryRaw(query)
      } catch (error) {
        if (!(error instanceof PrismaSqliteEfsError) || error.code !== 'P1003') throw error
        return onEmptyDatabase((empty) => new Queryable(empty, this.#options).queryRaw(query))
      }
    })
  }

  override executeRaw(query: SqlQuery): Promise<number> {
    const engine = this.#schemaEngine
    if (!engine) return super.executeRaw(query)
    return this.#forSchemaEngine(async () => {
      if (query.args.length > 0) return super.executeRaw(query)
      // `prisma db execute` sends its whole script as one statement, which may be empty.
      if (splitStatements(query.sql).length !== 1) {
        await this.executeScript(query.sql)
        return 0
      }
      const done = await withPrismaErrors(`[executeRaw] ${query.sql}`, () => engine.takes(query.sql))
      return done ? 0 : super.executeRaw(query)
    })
  }

  executeScript(script: string): Promise<void> {
    return this.#forSchemaEngine(async () => {
      await this.#flush()
      await withPrismaErrors('[executeScript]', () => this.#database.script(script))
    })
  }

  async startTransaction(isolationLevel?: IsolationLevel): Promise<SqliteEfsTransaction> {
    if (isolationLevel !== undefined && isolationLevel !== 'SERIALIZABLE') throw invalidIsolationLevel(isolationLevel)
    if (this.#schemaEngine) await this.#flush()
    const transaction = await withPrismaErrors('[startTransaction]', () =>
      this.#database.transaction({ mode: this.#options.transactionMode }),
    )
    return new SqliteEfsTransaction(transaction, this.#options)
  }

  /**
   * Prisma assumes 999 parameters a statement, and would split longer lists over a transaction.
   *
   * A PrismaClient asks before its first statement, and Prisma's schema engine never does: nothing else tells them apart, and
   * what the engine may send, a client's user may not.
   */
  getConnectionInfo(): ConnectionInfo {
    this.#schemaEngine = undefined
    return { maxBindValues: 32_766, supportsRelationJoins: false }
  }

  async dispose(): Promise<void> {
    try {
      await this.#flush()
    } finally {
      await withPrismaErrors('[dispose]', () => this.#database.close())
    }
  }

  async #forSchemaEngine<T>(body: () => Promise<T>): Promise<T> {
    try {
      return await body()
    } catch (error) {
      throw this.#schemaEngine ? wordedForSchemaEngine(error) : error
    }
  }

  async #flush(): Promise<void> {
    const engine = this.#schemaEngine
    if (engine) await withPrismaErrors('[flush]', () => engine.flush())
  }
}

/** The schema engine's scratch database: a whole migration comes as one statement, and may be empty. */
export class ShadowAdapter extends SqliteEfsAdapter {
  override async executeRaw(query: SqlQuery): Promise<number> {
    if (query.args.length > 0) return super.executeRaw(query)
    await this.executeScript(query.sql)
    return 0
  }
}

function invalidIsolationLevel(level: string): PrismaSqliteEfsError {
  const wayOut = "SQLite's transactions are SERIALIZABLE; leave isolationLevel out, or give Serializable"
  return new PrismaSqliteEfsError({
    code: 'P2023',
    message: `Isolation level ${level} is not supported: ${wayOut}`,
    // Prisma shows the level alone, so the way out goes with it.
    kind: { kind: 'InvalidIsolationLevel', level: `isolation level ${level} (${wayOut})` },
  })
}
