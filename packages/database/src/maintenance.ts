/**
 * What an operator does with the whole content of a database. In a subpath of its own, so that an application's bundle leaves it out.
 *
 * @packageDocumentation
 */
import { checkCopy as checkACopy } from './contents/check.js'
import { hold as holdLease } from './contents/hold.js'
import { restore as restoreFrom } from './contents/restore.js'
import { snapshot as snapshotTo } from './contents/snapshot.js'
import { vacuum as rebuild } from './contents/vacuum.js'
import type {
  CheckResult,
  ContentOptions,
  HoldOptions,
  LeaseHandle,
  RestoreResult,
  SnapshotResult,
  VacuumResult,
} from './contract/content.js'
import type { Database } from './contract/database.js'
import { operateOn } from './process/open-database.js'

export type {
  CheckProblem,
  CheckResult,
  ContentOptions,
  ContentProgress,
  HoldOptions,
  LeaseHandle,
  RestoreResult,
  SnapshotResult,
  VacuumResult,
} from './contract/content.js'

/** Takes the lease and rolls back what a dead writer left; `true` if there was something. */
export async function recover(database: Database): Promise<boolean> {
  return operateOn(database, (file) => file.recover())
}

/**
 * SQLite's integrity_check and foreign_key_check in one read; an empty list is good. No process can commit meanwhile, which for a large
 * file is {@link checkCopy}'s to avoid.
 */
export async function check(database: Database): Promise<string[]> {
  const integrity = await database.execute('PRAGMA integrity_check')
  const keys = await database.execute('PRAGMA foreign_key_check')
  return [
    ...integrity.rows.map(([line]) => String(line)).filter((line) => line !== 'ok'),
    ...keys.rows.map(([table, rowid, parent]) => `row ${rowid} of ${table} points to no row of ${parent}`),
  ]
}

/**
 * SQLite's integrity_check and foreign_key_check of a copy of the whole database, while writers go on. The copy is made as that of a
 * {@link snapshot} is, in SQLite's temporary folder (`SQLITE_TMPDIR`, `TMPDIR`, `/var/tmp`), and deleted. It needs the lease only
 * if other processes commit all the time, or where a dead writer's journal has to be rolled back first. SQLite keeps no checksums:
 * a value that was changed in place is not found.
 *
 * @throws DatabaseError `SQLITE` (no room), `NOT_FOUND`, `CONFIGURATION` (no database at all), `BUSY`, `CLOSED`, and under the lease what a
 * write may throw. Damage is no error, but in the result
 */
export async function checkCopy(database: Database, options: ContentOptions = {}): Promise<CheckResult> {
  return operateOn(database, ({ content }) => checkACopy(content, options))
}

/**
 * Copies the database into a new file, as one commit left it, while writers go on: its pages are read in short windows. Somebody's
 * commit makes it start anew; after three times it is copied under the lease, and writers wait in line for as long. The copy is
 * verified before it gets its name: SQLite's integrity_check, the number of rows of every table, and the fence. Whatever it
 * throws, no file is left at `to`.
 *
 * @param to the absolute path of a file that is not there yet
 * @throws DatabaseError `CONFIGURATION` (`to` is wrong, or there is a file), `SQLITE` (no room, or the database is damaged), `NOT_FOUND`, `BUSY`,
 * `CLOSED`, and under the lease what a write may throw
 */
export async function snapshot(database: Database, to: string, options: ContentOptions = {}): Promise<SnapshotResult> {
  return operateOn(database, ({ content }) => snapshotTo(content, to, options))
}

/**
 * Replaces the whole content by that of another database file, in one transaction under the lease. Connections that are open anywhere go
 * on, and see it at their next read. The fence does not go back. The content of before is kept beside the database, as
 * `<path>.before-restore-<UTC time>`. The source is verified before anything is touched, and the database after it. Where the file
 * would be longer than its content, VACUUM follows.
 *
 * All that is written stays in memory until COMMIT: 1.3 times the larger of both databases in bytes has to be available.
 * Beside the database there has to be room for twice its size, and for what it grows by.
 *
 * @param from the absolute path of a database file that nobody writes
 * @throws DatabaseError `CONFIGURATION` or `NOT_FOUND` (`from` can't be used so), `SQLITE` (damaged, no room, no memory), and what a write may
 * throw. Nothing was written, but for `COMMIT_UNKNOWN`, and where the message says that it was restored
 */
export async function restore(database: Database, from: string, options: ContentOptions = {}): Promise<RestoreResult> {
  return operateOn(database, ({ content }) => restoreFrom(content, from, options))
}

/**
 * Rebuilds the file without what is unused in it, under the lease, in the background: https://www.sqlite.org/lang_vacuum.html. SQLite
 * needs as much room as the file has, in its folder and once more in the temporary one (`SQLITE_TMPDIR`, `TMPDIR`, `/var/tmp`). It may
 * renumber rows of tables that have no INTEGER PRIMARY KEY.
 *
 * @throws DatabaseError `SQLITE` (no room), `BUSY`, `NOT_FOUND`, `CLOSED`, and what a write may throw. The content is what it was
 */
export async function vacuum(database: Database, options: ContentOptions = {}): Promise<VacuumResult> {
  return operateOn(database, ({ content }) => rebuild(content, options))
}

/**
 * Holds the lease while `body` runs, for another program to write the file meanwhile, the sqlite3 shell, say. The ticket is stored in
 * the file first, and no lock of SQLite's is held. The lease is renewed in the background; a body whose signal is aborted has to stop
 * that program. At the end the journal is put back, where the program took it away, what it left half done is rolled back, and the
 * ticket is stored again. This process's own writes wait until then: never await one in the body.
 *
 * @returns what the body resolves to; its error is thrown as it is
 * @throws LeaseError `LEASE_LOST` where the lease did not last: others may have written meanwhile; DatabaseError `NOT_FOUND`, `BUSY`, `CONFIGURATION`
 * (the program left the file in WAL mode, say), `CLOSED`, and what a write may throw
 */
export async function hold<T>(
  database: Database,
  body: (held: LeaseHandle) => Promise<T>,
  options: HoldOptions = {},
): Promise<T> {
  return operateOn(database, ({ content }) => holdLease(content, body, options))
}
