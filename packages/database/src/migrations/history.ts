import { DatabaseError } from '../contract/errors.js'
import type { ResultSet, SqlValue } from '../contract/values.js'
import type { Migration } from './directory.js'

/** A row of `_prisma_migrations`. */
export interface MigrationRecord {
  id: string
  checksum: string
  name: string
  startedAt: SqlValue
  logs: string
  isFinished: boolean
  isRolledBack: boolean
}

/** What the database says of its migrations. */
export interface History {
  hasTable: boolean
  /** Tables that are neither Prisma's nor SQLite's own. */
  tables: string[]
  /** In the order in which they were begun. */
  records: MigrationRecord[]
}

/** The history of a file that is not there yet. */
export const NO_HISTORY: History = { hasTable: false, tables: [], records: [] }

/** Prisma's table. */
export const TABLE = '_prisma_migrations'

/** Reads the history, where a lock on the file is held. */
export function readHistory(query: (sql: string) => ResultSet): History {
  const names = query("SELECT name FROM sqlite_schema WHERE type = 'table'").rows.map(([name]) => String(name))
  const hasTable = names.includes(TABLE)
  const tables = names.filter((name) => name !== TABLE && !name.startsWith('sqlite_'))
  if (!hasTable) return { hasTable, tables, records: [] }
  const { rows } = query(
    `SELECT id, checksum, migration_name, started_at, logs, finished_at, rolled_back_at FROM ${TABLE} ORDER BY started_at`,
  )
  const records = rows.map(([id, checksum, name, startedAt = null, logs, finishedAt, rolledBackAt]) => ({
    id: String(id),
    checksum: String(checksum),
    name: String(name),
    startedAt,
    logs: String(logs ?? '').trim(),
    isFinished: finishedAt !== null,
    isRolledBack: rolledBackAt !== null,
  }))
  return { hasTable, tables, records }
}

/** Begun, and neither ended nor resolved. */
export const isFailed = ({ isFinished, isRolledBack }: MigrationRecord) => !isFinished && !isRolledBack

/** What is to be applied: whatever has no row, or only rows of attempts that were rolled back. */
export function notApplied(migrations: readonly Migration[], { records }: History): Migration[] {
  const known = new Set(records.filter(({ isRolledBack }) => !isRolledBack).map(({ name }) => name))
  return migrations.filter(({ name }) => !known.has(name))
}

/**
 * What a deploy has to apply.
 *
 * @throws DatabaseError `MIGRATION_BASELINE_MISSING`, `MIGRATION_UNRESOLVED`
 */
export function pendingOf(migrations: readonly Migration[], history: History, path: string): Migration[] {
  const failed = history.records.filter(isFailed)
  if (failed.length > 0) throw failedBefore(failed, path)
  if (!history.hasTable && history.tables.length > 0) throw notEmpty(history.tables, path)
  return notApplied(migrations, history)
}

const failedBefore = (failed: readonly MigrationRecord[], path: string) =>
  new DatabaseError(
    'MIGRATION_UNRESOLVED',
    `${path} has failed migrations, and no new ones are applied before they are resolved. ${failed.map(described).join(' ')} When its cause is removed, mark each with \`sqlite-efs migrate resolve\`: as rolled back, to have it applied by the next deploy, where nothing of it is in the database (as with each that failed by this package); as applied, where you have completed it by hand.`,
    { path, migrations: failed.map(({ name }) => name) },
  )

function described({ name, startedAt, logs }: MigrationRecord): string {
  const started = typeof startedAt === 'bigint' ? new Date(Number(startedAt)).toISOString() : String(startedAt)
  return `${name}, begun at ${started}, ${logs === '' ? 'has not ended.' : `failed: ${logs}`}`
}

const notEmpty = (tables: readonly string[], path: string) =>
  new DatabaseError(
    'MIGRATION_BASELINE_MISSING',
    `${path} is not empty (it has the table ${tables[0]}${tables.length > 1 ? `, and ${tables.length - 1} more` : ''}), and has no record of migrations. Mark those whose tables it has already with \`sqlite-efs migrate resolve\` as applied (https://www.prisma.io/docs/orm/prisma-migrate/workflows/baselining), or give the path of an empty database.`,
    { path },
  )
