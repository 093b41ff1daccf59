/**
 * Prisma's migrations without Prisma's engine. In a subpath of its own, so that an application's bundle leaves it out.
 *
 * @packageDocumentation
 */
import type { Database } from './contract/database.js'
import type { MigrateOptions, MigrateResult, MigrationStatus } from './contract/migrations.js'
import { migrate as deploy } from './migrations/deploy.js'
import { resolveMigration as resolve } from './migrations/resolve.js'
import { migrationStatus as statusOf } from './migrations/status.js'
import { operateOn } from './process/open-database.js'

export type { MigrateOptions, MigrateResult, MigrationProgress, MigrationStatus } from './contract/migrations.js'

/**
 * Applies the migrations of a folder (`prisma/migrations`) that the database does not have yet, as `prisma migrate deploy` does and
 * in the same table `_prisma_migrations`: each in one transaction, all under one lease. Makes the file where there is none. Asks for no
 * lease where there is nothing to do.
 *
 * @throws DatabaseError `P3005` (not empty, and no record of migrations), `P3009` (a failed one is to be resolved first), `P3015` (a folder
 * without its file), `P3018` (one failed; nothing of it stays, those before it do), `P3019` (another provider's folder),
 * `STATEMENT_REFUSED`, and what `script` may throw
 */
export async function migrate(
  database: Database,
  directory: string,
  options: MigrateOptions = {},
): Promise<MigrateResult> {
  return operateOn(database, (file) => deploy(file, directory, options))
}

/**
 * Compares the database with a folder of migrations. Only reads: like any read it needs no lease, and like any read it sees no
 * migration that is under way.
 *
 * @throws DatabaseError `P3019`, `CONFIGURATION`, and what a read may throw
 */
export async function migrationStatus(database: Database, directory: string): Promise<MigrationStatus> {
  return operateOn(database, (file) => statusOf(file, directory))
}

/**
 * Says of a migration how it came out, as `prisma migrate resolve` does; runs nothing of it. `applied`: it was completed by hand, or
 * the database had it before (a baseline). `rolled-back`: nothing of a failed one is in the database, and the next deploy tries again.
 *
 * @throws DatabaseError `P3008` (applied already), `P3011` (never begun), `P3012` (not failed), `P3017` (not in the folder), `P3019`,
 * and what a write may throw
 */
export async function resolveMigration(
  database: Database,
  directory: string,
  name: string,
  as: 'applied' | 'rolled-back',
): Promise<void> {
  return operateOn(database, (file) => resolve(file, directory, name, as))
}
