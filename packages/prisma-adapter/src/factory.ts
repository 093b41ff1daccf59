import type { SqlDriverAdapter, SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import type { Tracer } from '@sqlite-efs/database'
import type { Leaser } from '@sqlite-efs/lease'
import { ShadowAdapter, SqliteEfsAdapter } from './adapter.js'
import { toPrismaError } from './database-error.js'
import { createLeaser } from './leaser.js'
import { localDirectory, NetworkFileWarning } from './local-line.js'
import { checkByOptions, openByOptions } from './open-database.js'
import { openTelemetryTracer } from './open-telemetry.js'
import { type PrismaSqliteEfsOptions, type ResolvedOptions, resolveOptions } from './options.js'
import { ADAPTER_NAME } from './queryable.js'

/** One for all adapters of the process. */
const networkFileWarning = new NetworkFileWarning()

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

  /**
   * Touches neither the file nor DynamoDB.
   *
   * @throws PrismaSqliteEfsError `CONFIGURATION`, naming the option and its value
   */
  constructor(options: PrismaSqliteEfsOptions) {
    this.#options = resolveOptions(options, process.env)
    try {
      const { lease, onEvent, path } = this.#options
      this.#leaser = createLeaser(lease, { onEvent, directory: localDirectory(path) })
      checkByOptions(this.#options, this.#leaser)
    } catch (error) {
      throw toPrismaError(error)
    }
  }

  /** Called by Prisma before the first query, and again before the first one after `$disconnect()`. */
  async connect(): Promise<SqlDriverAdapter> {
    if (this.#options.lease === 'local') networkFileWarning.check(this.#options.path)
    return this.#adapter(SqliteEfsAdapter, this.#options, this.#leaser, await openTelemetryTracer())
  }

  /** Called by Prisma Migrate. Nobody else writes a shadow database, so it needs no line. */
  async connectToShadowDb(): Promise<SqlDriverAdapter> {
    const { shadowPath } = this.#options
    const options: ResolvedOptions = { ...this.#options, path: shadowPath, lease: 'local', fencing: 'off' }
    return this.#adapter(ShadowAdapter, options, createLeaser('local'))
  }

  #adapter(
    Adapter: typeof SqliteEfsAdapter,
    options: ResolvedOptions,
    leaser: Leaser,
    tracer?: Tracer,
  ): SqliteEfsAdapter {
    try {
      return new Adapter(openByOptions(options, leaser, tracer), options)
    } catch (error) {
      throw toPrismaError(error)
    }
  }
}
