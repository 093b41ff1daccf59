import type { SqlDriverAdapter, SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import type { Invocation, InvocationOptions } from '@sqlite-efs/database'
import { type Leaser, LocalLeaser } from '@sqlite-efs/lease'
import { ShadowAdapter, SqliteEfsAdapter } from './adapter.js'
import { check } from './errors/configuration.js'
import { withPrismaError } from './errors/database-error.js'
import { OpenTelemetryTracer } from './open-telemetry.js'
import { NetworkFileWarning } from './options/network-file-warning.js'
import { leaserByOptions, openByOptions } from './options/open-database.js'
import { checkOptions, type PrismaSqliteEfsOptions, type ResolvedOptions, resolveOptions } from './options/options.js'
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
  readonly #given: PrismaSqliteEfsOptions
  #configured: Configured | undefined
  #tracer: OpenTelemetryTracer | undefined

  static {
    beginInvocation = (adapter, options) => adapter.#beginInvocation(options)
  }

  /**
   * Touches neither the file nor DynamoDB. Where `url` is `undefined`, or no table is named, the first query fails instead, for a
   * framework that only builds has no environment to take them from.
   *
   * @throws PrismaSqliteEfsError `CONFIGURATION`, naming the option and its value
   */
  constructor(options: PrismaSqliteEfsOptions, ...others: never[]) {
    refuseOthers(others)
    this.#given = isObject(options) ? { ...options } : options
    const { options: checked, absent } = checkOptions(this.#given, process.env)
    const leaser = leaserByOptions(checked)
    if (!absent) this.#configured = { options: checked, leaser }
  }

  /**
   * Called by Prisma before the first query, and again before the first one after `$disconnect()`.
   *
   * @throws PrismaSqliteEfsError `CONFIGURATION` where the url or the table is still absent
   */
  async connect(): Promise<SqlDriverAdapter> {
    const { options, leaser } = this.#configure()
    if (options.lease.protocol === 'local') networkFileWarning.check(options.path)
    const tracer = this.#ownTracer(options)
    await tracer?.loaded
    return withPrismaError(() => new SqliteEfsAdapter(openByOptions(options, leaser, tracer), options))
  }

  /** Called by Prisma Migrate. Nobody else writes a shadow database, so it needs no line. */
  async connectToShadowDb(): Promise<SqlDriverAdapter> {
    const { options: given } = this.#configure()
    const options: ResolvedOptions = {
      ...given,
      path: given.shadowPath,
      lease: { protocol: 'local' },
      fencing: 'off',
    }
    return withPrismaError(() => new ShadowAdapter(openByOptions(options, new LocalLeaser()), options))
  }

  #ownTracer({ tracing }: ResolvedOptions): OpenTelemetryTracer | undefined {
    if (tracing) this.#tracer ??= new OpenTelemetryTracer()
    return this.#tracer
  }

  #beginInvocation(options: InvocationOptions): Invocation {
    const { options: adapterOptions, leaser } = this.#configure()
    return withPrismaError(() => {
      // Prisma connects at its first query, which may be a part of it.
      const database = openByOptions(adapterOptions, leaser, this.#ownTracer(adapterOptions))
      try {
        return database.beginInvocation(options)
      } finally {
        void database.close()
      }
    })
  }
  /** What was absent when this was made may be set by now. */
  #configure(): Configured {
    if (!this.#configured) {
      const options = resolveOptions(this.#given, process.env)
      this.#configured = { options, leaser: leaserByOptions(options) }
    }
    return this.#configured
  }
}

/** Options with nothing absent, and the leaser by them. */
interface Configured {
  options: ResolvedOptions
  leaser: Leaser
}

function refuseOthers(others: readonly unknown[]): void {
  const [second] = others.filter((each) => each !== undefined)
  if (second === undefined) return
  const hint =
    'unlike PrismaLibSql, PrismaSqliteEfs takes one object with all its options: new PrismaSqliteEfs({ url, lease, ...others })'
  throw check.wrong('arguments[1]', 'be left out', second, { hint })
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
