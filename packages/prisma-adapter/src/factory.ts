import type { SqlDriverAdapter, SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { type Database, openDatabase } from '@sqlite-efs/database'
import type { Leaser } from '@sqlite-efs/lease'
import { SqliteEfsAdapter } from './adapter.js'
import { toPrismaError } from './database-error.js'
import { createLeaser } from './leaser.js'
import { type PrismaSqliteEfsOptions, type ResolvedOptions, resolveOptions } from './options.js'
import { ADAPTER_NAME } from './queryable.js'

/**
 * Prisma's driver adapter for one SQLite file that many processes write under a lease.
 *
 * @example
 * ```ts
 * const adapter = new PrismaSqliteEfs({ url: 'file:/mnt/efs/app.db', lease: { tableName: 'app-locks' } })
 * const prisma = new PrismaClient({ adapter })
 * ```
 */
export class PrismaSqliteEfs implements SqlMigrationAwareDriverAdapterFactory {
  readonly provider = 'sqlite'
  readonly adapterName = ADAPTER_NAME
  readonly #options: ResolvedOptions
  readonly #leaser: Leaser
  /** Opened by the constructor, so that it can say what is wrong; the first connect() takes it. */
  #first: Database | undefined

  /**
   * Touches neither the file nor DynamoDB.
   *
   * @throws PrismaSqliteEfsError `CONFIGURATION`, naming the option and its value
   */
  constructor(options: PrismaSqliteEfsOptions) {
    this.#options = resolveOptions(options, process.env)
    try {
      this.#leaser = createLeaser(this.#options.lease)
      this.#first = this.#open()
    } catch (error) {
      throw toPrismaError(error)
    }
  }

  /** Called by Prisma before the first query, and again before the first one after `$disconnect()`. */
  async connect(): Promise<SqlDriverAdapter> {
    const database = this.#first ?? this.#open()
    this.#first = undefined
    return new SqliteEfsAdapter(database, this.#options)
  }

  /** Called by Prisma Migrate. Nobody else writes a shadow database, so it needs no line. */
  async connectToShadowDb(): Promise<SqlDriverAdapter> {
    const { shadowPath, pragmas } = this.#options
    const database = openDatabase({
      path: shadowPath,
      leaser: createLeaser('local'),
      fencing: 'off',
      ...(pragmas && { pragmas }),
    })
    return new SqliteEfsAdapter(database, this.#options)
  }

  #open(): Database {
    const { path, lease, fencing, pragmas } = this.#options
    const { key, timeoutMs, transactionTimeoutMs, maxHoldMs } = lease === 'local' ? {} : lease
    return openDatabase({
      path,
      leaser: this.#leaser,
      ...(key !== undefined && { leaseKey: key }),
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(transactionTimeoutMs !== undefined && { transactionTimeoutMs }),
      ...(maxHoldMs !== undefined && { maxHoldMs }),
      ...(fencing !== undefined && { fencing }),
      ...(pragmas !== undefined && { pragmas }),
    })
  }
}
