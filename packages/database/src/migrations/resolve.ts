import { check } from '../contract/check.js'
import { DatabaseError } from '../contract/errors.js'
import { type Migration, readMigrations } from './directory.js'
import { isFailed, type MigrationRecord } from './history.js'
import { HistoryWriter } from './history-writer.js'
import type { MigratedFile } from './migrated-file.js'

/**
 * Says of a migration how it came out, as `prisma migrate resolve` does
 * (https://www.prisma.io/docs/orm/prisma-migrate/workflows/patching-and-hotfixing). Runs nothing of it.
 *
 * @throws DatabaseError `MIGRATION_ALREADY_APPLIED`, `MIGRATION_NEVER_APPLIED`, `MIGRATION_NOT_FAILED`, `MIGRATION_NOT_FOUND`, `MIGRATION_PROVIDER_MISMATCH`, `CONFIGURATION`, and what a write may throw
 */
export async function resolveMigration(
  file: MigratedFile,
  directory: string,
  name: string,
  as: 'applied' | 'rolled-back',
): Promise<void> {
  check.oneOf('as', as ?? '', ['applied', 'rolled-back'])
  const { path, clock, timeoutMs } = file.options
  const mark = as === 'applied' ? asApplied(await readMigrations(directory), name, path) : asRolledBack(name, path)
  await file.inTurn({ what: 'a migration', timeoutMs, timeoutOption: 'lease.timeoutMs' }, async (turn) => {
    const transaction = await turn.begin()
    mark(new HistoryWriter(transaction, () => clock.wallMs()))
    await transaction.commit()
  })
}

type Mark = (writer: HistoryWriter) => void

/** An attempt that failed is marked as rolled back, and a row beside it says that it is applied. */
function asApplied(migrations: readonly Migration[], name: string, path: string): Mark {
  const migration = migrations.find((each) => each.name === name)
  const script = migration?.script
  if (!migration || script === undefined) {
    throw refused(
      'MIGRATION_NOT_FOUND',
      `There is no migration ${name} in the folder, or it has no migration.sql. Give the whole name of its folder, as in 20201207184859_init.`,
      name,
      path,
    )
  }
  return (writer) => {
    const records = recordsOf(writer, name)
    if (records.some(({ isFinished }) => isFinished)) {
      throw refused(
        'MIGRATION_ALREADY_APPLIED',
        `Migration ${name} is recorded as applied in ${path} already.`,
        name,
        path,
      )
    }
    for (const record of records.filter(isFailed)) writer.markRolledBack(record)
    writer.markApplied(migration, script)
  }
}

function asRolledBack(name: string, path: string): Mark {
  return (writer) => {
    const records = recordsOf(writer, name)
    if (records.length === 0) {
      throw refused(
        'MIGRATION_NEVER_APPLIED',
        `Migration ${name} can't be marked as rolled back in ${path}: it was never applied there. Give the whole name of its folder, as in 20201207184859_init.`,
        name,
        path,
      )
    }
    if (records.every(({ isFinished }) => isFinished)) {
      throw refused(
        'MIGRATION_NOT_FAILED',
        `Migration ${name} can't be marked as rolled back in ${path}: it has not failed. Undo what it did with a new migration.`,
        name,
        path,
      )
    }
    for (const record of records.filter(isFailed)) writer.markRolledBack(record)
  }
}

const recordsOf = (writer: HistoryWriter, name: string): MigrationRecord[] =>
  writer.history.records.filter((record) => record.name === name)

const refused = (
  code: 'MIGRATION_ALREADY_APPLIED' | 'MIGRATION_NEVER_APPLIED' | 'MIGRATION_NOT_FAILED' | 'MIGRATION_NOT_FOUND',
  message: string,
  name: string,
  path: string,
) => new DatabaseError(code, message, { path, migrations: [name] })
