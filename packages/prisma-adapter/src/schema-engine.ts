import { type Database, openDatabase } from '@sqlite-efs/database'
import { LocalLeaser } from '@sqlite-efs/lease'
import { PrismaSqliteEfsError } from './errors/errors.js'

/**
 * What Prisma's schema engine expects of a connection of its own, on a file that is written statement by statement under a
 * lease, each on whatever connection has its turn. All that it defines comes by `executeRaw` without parameters.
 */
export class SchemaEngineSession {
  readonly #database: Database
  /** What came since foreign keys were switched off; undefined while they are on. */
  #withoutForeignKeys: string[] | undefined

  constructor(database: Database) {
    this.#database = database
  }

  /** Whether `sql` is one of the engine's own, and done; else it is a statement like any other. */
  async takes(sql: string): Promise<boolean> {
    switch (sql.toLowerCase()) {
      // For its whole session the engine would have the file for itself. Each script is a turn of its own here, and two
      // engines at once meet each other's tables: as with @prisma/adapter-libsql, to which it does not send this.
      case 'pragma main.locking_mode=exclusive':
        return true
      // Around a rebuild, and outside of a transaction, where SQLite itself forgets it at once.
      case 'pragma defer_foreign_keys=on':
      case 'pragma defer_foreign_keys=off':
        return true
      case 'pragma foreign_keys=off':
        this.#withoutForeignKeys ??= []
        return true
      case 'pragma foreign_keys=on':
        await this.flush()
        this.#withoutForeignKeys = undefined
        return true
    }
    this.#withoutForeignKeys?.push(sql)
    return this.#withoutForeignKeys !== undefined
  }

  /**
   * Runs what came since foreign keys were switched off, as one script: a table is dropped, and another one put in its place,
   * without a cascade, and no row points nowhere at the end.
   */
  async flush(): Promise<void> {
    const statements = this.#withoutForeignKeys
    if (statements === undefined || statements.length === 0) return
    // After a failure the engine gives up, and does not switch them on again.
    this.#withoutForeignKeys = undefined
    await this.#database.script(['PRAGMA foreign_keys=OFF', ...statements].join(';\n'))
    this.#withoutForeignKeys = []
  }
}

/** Runs `body` on an empty database: what a file that is not there yet is to the engine. */
export async function onEmptyDatabase<T>(body: (database: Database) => Promise<T>): Promise<T> {
  const database = openDatabase({ path: ':memory:', leaser: new LocalLeaser() })
  try {
    return await body(database)
  } finally {
    await database.close()
  }
}

/** Of an error that is not worded as an adapter's, the engine would say no more than `External error id#0`. */
export function wordedForSchemaEngine(error: unknown): unknown {
  if (!(error instanceof PrismaSqliteEfsError) || error.name === 'DriverAdapterError') return error
  const { code, message, meta } = error
  const kind = { kind: 'sqlite', extendedCode: 1, message, originalCode: code, originalMessage: message } as const
  return new PrismaSqliteEfsError({ code, message, ...(meta && { meta }), kind })
}
