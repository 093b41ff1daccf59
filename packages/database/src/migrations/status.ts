import type { MigrationStatus } from '../contract/migrations.js'
import { matchesChecksum } from './checksum.js'
import { readMigrations } from './directory.js'
import { isFailed, notApplied } from './history.js'
import { historyOf, type MigratedFile } from './migrated-file.js'

/**
 * Compares the database with the folder, as Prisma's `diagnoseMigrationHistory` does. Takes no lease.
 *
 * @throws DatabaseError `CONFIGURATION`, `MIGRATION_PROVIDER_MISMATCH`, and what a read may throw
 */
export async function migrationStatus(file: MigratedFile, directory: string): Promise<MigrationStatus> {
  const migrations = await readMigrations(directory)
  const history = await historyOf(file)
  const records = history.records.filter(({ isRolledBack }) => !isRolledBack)
  const applied = records.filter(({ isFinished }) => isFinished).map(({ name }) => name)
  const inFolder = new Set(migrations.map(({ name }) => name))
  const checksums = new Map(records.toReversed().map(({ name, checksum }) => [name, checksum]))
  const isEdited = (name: string, script: string | undefined) => {
    const checksum = checksums.get(name)
    return checksum !== undefined && script !== undefined && !matchesChecksum(script, checksum)
  }
  return {
    hasMigrationsTable: history.hasTable,
    applied,
    pending: notApplied(migrations, history).map(({ name }) => name),
    failed: history.records.filter(isFailed).map(({ name }) => name),
    missing: applied.filter((name) => !inFolder.has(name)),
    edited: migrations.filter(({ name, script }) => isEdited(name, script)).map(({ name }) => name),
  }
}
