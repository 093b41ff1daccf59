import type { SqlDriverAdapter, SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import type { Invocation, InvocationOptions } from '@sqlite-efs/database'
import type { Leaser } from '@sqlite-efs/lease'
import { ShadowAdapter, SqliteEfsAdapter } from './adapter.js'
import { withPrismaError } from './database-error.js'
import { createLeaser } from './leaser.js'
import { NetworkFileWarning } from './local-line.js'
import { leaserByOptions, openByOptions } from './open-database.js'
import { OpenTelemetryTracer } from './open-telemetry.js'
import { type PrismaSqliteEfsOptions, type ResolvedOptions, resolveOptions } from './options.js'
import { ADAPTER_NAME } from './queryable.js'

/** One for all adapters of the process. */
const networkFileWarning = new NetworkFileWarning()

/**
 * Begins an invocation of a Lambda function on the adapter's file. Not a method: it is no business of Prisma's.
 *
 * @throws PrismaSqliteEfsError `CONFIGURATION`
 */
export let beginInvocation: (adapter: PrismaSqliteEfs, options: InvocationOptions) => Invocation

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
  #tracer: OpenTelemetryTracer | undefined

  static {
    beginInvocation = (adapter, options) => adapter.#beginInvocation(options)
  }

  /**
   * Touches neither the file nor DynamoDB.
   *
   * @throws PrismaSqliteEfsError `CONFIGURATION`, naming the option and its value
   */
  constructor(options: PrismaSqliteEfsOptions) {
    this.#options = resolveOptions(options, process.env)
    this.#leaser = leaserByOptions(this.#options)
  }

  /** Called by Prisma before the first query, and again before the first one after `$disconnect()`. */
  async connect(): Promise<SqlDriverAdapter> {
    if (this.#options.lease.protocol === 'local') networkFileWarning.check(this.#options.path)
    const tracer = this.#ownTracer()
    await tracer?.loaded
    return withPrismaError(
      () => new SqliteEfsAdapter(openByOptions(this.#options, this.#leaser, tracer), this.#options),
    )
  }

  /** Called by Prisma Migrate. Nobody else writes a shadow database, so it needs no line. */
  async connectToShadowDb(): Promise<SqlDriverAdapter> {
    const { shadowPath } = this.#options
    const options: ResolvedOptions = {
      ...this.#options,
      path: shadowPath,
      lease: { protocol: 'local' },
      fencing: 'off',
    }
    return withPrismaError(() => new ShadowAdapter(openByOptions(options, createLeaser(options.lease)), options))
  }

  #ownTracer(): OpenTelemetryTracer | undefined {
    if (this.#options.tracing) this.#tracer ??= new OpenTelemetryTracer()
    return this.#tracer
  }

  #beginInvocation(options: InvocationOptions): Invocation {
    return withPrismaError(() => {
      // Prisma connects at its first query, which may be a part of it.
      const database = openByOptions(this.#options, this.#leaser, this.#ownTracer())
      try {
        return database.beginInvocation(options)
      } finally {
        void database.close()
      }
    })
  }
}
