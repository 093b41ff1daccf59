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
 * @throws DatabaseError `MIGRATION_BASELINE_MISSING` (not empty, and no record of migrations), `MIGRATION_UNRESOLVED` (a failed one is to be resolved first), `MIGRATION_FILE_MISSING` (a folder
 * without its file), `MIGRATION_FAILED` (one failed; nothing of it stays, those before it do), `MIGRATION_PROVIDER_MISMATCH` (another provider's folder),
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
 * @throws DatabaseError `MIGRATION_PROVIDER_MISMATCH`, `CONFIGURATION`, and what a read may throw
 */
export async function migrationStatus(database: Database, directory: string): Promise<MigrationStatus> {
  return operateOn(database, (file) => statusOf(file, directory))
}

/**
 * Says of a migration how it came out, as `prisma migrate resolve` does; runs nothing of it. `applied`: it was completed by hand, or
 * the database had it before (a baseline). `rolled-back`: nothing of a failed one is in the database, and the next deploy tries again.
 *
 * @throws DatabaseError `MIGRATION_ALREADY_APPLIED` (applied already), `MIGRATION_NEVER_APPLIED` (never begun), `MIGRATION_NOT_FAILED` (not failed), `MIGRATION_NOT_FOUND` (not in the folder), `MIGRATION_PROVIDER_MISMATCH`,
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
