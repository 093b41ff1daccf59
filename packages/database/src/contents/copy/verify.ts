import { DatabaseError } from '../../contract/errors.js'
import type { FileConnection } from '../../engine/connection.js'
import { CORRUPT } from '../../engine/sqlite-error.js'
import { fenceOf } from './pages.js'
import { countRows, differenceInRows } from './row-counts.js'
import { stepsOn } from './steps.js'

/** What a database should hold. */
export interface Content {
  rows: Record<string, number>
  fence: number | undefined
}

const PROBLEMS = 'temp.__sqlite_efs_problems'

/**
 * SQLite's own check of the whole file, in the background: https://www.sqlite.org/pragma.html#pragma_integrity_check.
 *
 * @returns the first thing that is wrong; undefined where nothing is
 */
async function problemOf(connection: FileConnection): Promise<string | undefined> {
  // What runs in the background has no results.
  await connection.execInBackground(
    `CREATE TEMP TABLE ${PROBLEMS} AS SELECT integrity_check FROM pragma_integrity_check(1, 'main')`,
  )
  const problem = String(connection.value(`SELECT integrity_check FROM ${PROBLEMS}`))
  connection.exec(`DROP TABLE ${PROBLEMS}`)
  return problem === 'ok' ? undefined : problem
}

/**
 * Looks at everything in a file that nobody changes meanwhile.
 *
 * @throws DatabaseError `SQLITE` (database disk image is malformed) naming what is wrong, and with whom
 */
export async function contentOf(connection: FileConnection, path: string): Promise<Content> {
  // The check runs what the schema's constraints call.
  connection.noticeSchema()
  const problem = await problemOf(connection)
  if (problem) throw damaged(path, problem)
  return { rows: await countRows(stepsOn(connection)), fence: fenceOf(connection) }
}

/**
 * Compares what is in a file with what should be.
 *
 * @throws DatabaseError `SQLITE` (database disk image is malformed)
 */
export async function verifyContent(connection: FileConnection, path: string, wanted: Content): Promise<void> {
  const found = await contentOf(connection, path)
  const difference = differenceInRows(wanted.rows, found.rows)
  if (difference) throw damaged(path, difference)
  if (wanted.fence !== found.fence) throw damaged(path, `its fence is ${found.fence}, and should be ${wanted.fence}`)
}

const damaged = (path: string, problem: string) =>
  new DatabaseError('SQLITE', `${path} is damaged: ${problem}.`, {
    path,
    extendedCode: CORRUPT,
    sqliteMessage: problem,
  })
