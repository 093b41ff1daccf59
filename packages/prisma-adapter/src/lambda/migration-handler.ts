import { type MigrateResult, migrate, resolveMigration } from '@sqlite-efs/database/migrations'
import { check } from '../errors/configuration.js'
import { toPrismaError } from '../errors/database-error.js'
import { leaserByOptions, openByOptions } from '../options/open-database.js'
import { type PrismaSqliteEfsOptions, resolveOptions } from '../options/options.js'
import { checkMargin, type RemainingTime } from './remaining-time.js'

/** Options of {@link migrationHandler}: those of the adapter that the migrated database has, and where the migrations are. */
export interface MigrationHandlerOptions
  extends Pick<PrismaSqliteEfsOptions, 'url' | 'lease' | 'fencing' | 'pragmas' | 'onEvent'> {
  /**
   * The folder `prisma/migrations` in the function's package; a relative path begins at the working directory, which on AWS Lambda is
   * the package's top.
   */
  migrations: string
  /**
   * How long before the end of the invocation, in milliseconds, the wait for the turn to write ends, so that an answer can be given;
   * half of the time that is left where that is more.
   *
   * @defaultValue 10000
   */
  marginMs?: number
}

const MARGIN_MS = 10_000

/**
 * A Lambda handler that applies the migrations, as `prisma migrate deploy` does, where Prisma's command line can't reach the file.
 * It answers with the names of those that it applied. An invocation that ends too early leaves nothing of the migration that it was
 * at: invoke it again. Two at once: one works, the other waits and finds nothing to do.
 *
 * An event `{ "rolledBack": "<name>" }` first marks the failed migration of that name as rolled back, as `prisma migrate resolve
 * --rolled-back` does: the way out of `P3009` where no command line reaches the file. Any other event is not looked at.
 *
 * @example
 * ```ts
 * import { migrationHandler } from 'prisma-adapter-sqlite-efs/lambda'
 *
 * export const handler = migrationHandler({
 *   url: 'file:/mnt/efs/app.db',
 *   lease: { tableName: 'app-locks' },
 *   migrations: 'prisma/migrations',
 * })
 * ```
 *
 * @returns the handler; it throws PrismaSqliteEfsError `P3005`, `P3009`, `P3011`, `P3012`, `P3015`, `P3018`, `P3019`,
 *   `CONFIGURATION` for an event with a `rolledBack` that is no name, and what a write may throw
 * @throws PrismaSqliteEfsError `CONFIGURATION`, naming the option and its value
 */
export function migrationHandler({
  migrations,
  marginMs = MARGIN_MS,
  ...adapterOptions
}: MigrationHandlerOptions): (event: unknown, context: RemainingTime) => Promise<MigrateResult> {
  check.text('migrations', migrations, 'it is the path of the folder prisma/migrations')
  checkMargin(marginMs)
  const options = resolveOptions(adapterOptions, process.env)
  const leaser = leaserByOptions(options)
  return async (event, context) => {
    const rolledBack = rolledBackIn(event)
    const leftMs = context.getRemainingTimeInMillis()
    const timeoutMs = Math.max(leftMs - marginMs, leftMs / 2)
    try {
      const database = openByOptions(options, leaser)
      try {
        if (rolledBack !== undefined) await resolveMigration(database, migrations, rolledBack, 'rolled-back')
        return await migrate(database, migrations, { timeoutMs })
      } finally {
        // The environment freezes after the answer.
        await database.close()
      }
    } catch (error) {
      throw toPrismaError(error)
    }
  }
}

function rolledBackIn(event: unknown): string | undefined {
  if (typeof event !== 'object' || event === null || !('rolledBack' in event)) return undefined
  const { rolledBack } = event
  if (typeof rolledBack === 'string' && rolledBack !== '') return rolledBack
  throw check.wrong('rolledBack', "be the whole name of a migration's folder", rolledBack)
}
