import { basename, join } from 'node:path'
import type { CheckProblem, CheckResult, ContentOptions } from '../contract/content.js'
import { DatabaseError } from '../contract/errors.js'
import type { SqlValue } from '../contract/values.js'
import type { FileConnection } from '../engine/connection.js'
import { isMalformed } from '../engine/sqlite-error.js'
import { inspectFile } from '../file/inspect-file.js'
import { milliseconds } from '../file/options.js'
import { consistently } from './consistently.js'
import { type ContentContext, progressTo } from './context.js'
import { copyPages, openUnchanging } from './copy/copy.js'
import { NewFile } from './copy/new-file.js'
import { bytesOf } from './copy/pages.js'
import { temporaryFolder } from './copy/space.js'

/** So many problems of the integrity check are named at most; one damaged page may cause thousands. */
const MAX_PROBLEMS = 100

/** The copy holds everything that the database does. */
const OWNER_ONLY = 0o600

/**
 * See `checkCopy` of maintenance.ts. The check reads the file from end to end. In place that would be one read, which keeps every COMMIT
 * waiting, and with it every reader behind it; a copy is made in short ones.
 */
export async function checkCopy(context: ContentContext, options: ContentOptions): Promise<CheckResult> {
  const { path } = context.options
  const progress = progressTo(options.onProgress)
  const timeoutMs = milliseconds('timeoutMs', options.timeoutMs, context.options.timeoutMs)
  const file = await NewFile.create(join(temporaryFolder(), `${basename(path)}.check`), OWNER_ONLY)
  try {
    const copying = { what: 'a check', timeoutMs }
    const { copy, tries, heldLease } = await consistently(context, copying, (steps) =>
      copyPages(context, steps, file, progress),
    )
    progress('checking', 0, copy.pages)
    const problems = [...missingEnd(path), ...(await problemsIn(context, file.temporaryPath))]
    progress('checking', copy.pages, copy.pages)
    return { path, pages: copy.pages, bytes: bytesOf(copy), problems, tries, heldLease }
  } catch (error) {
    // SQLite does not even open it, or a page that has to be there is not.
    if (!isMalformed(error)) throw error
    const { header, sizeBytes } = inspectFile(path)
    const problems: CheckProblem[] = [...missingEnd(path), { kind: 'integrity', what: wordsOf(error) }]
    return { path, pages: header?.pages ?? 0, bytes: sizeBytes, problems, tries: 1, heldLease: false }
  } finally {
    await file.discard()
  }
}

async function problemsIn(context: ContentContext, copy: string): Promise<CheckProblem[]> {
  let connection: FileConnection & { close(): void }
  try {
    connection = openUnchanging(context, copy)
  } catch (error) {
    if (!isMalformed(error)) throw error
    return [{ kind: 'integrity', what: wordsOf(error) }]
  }
  try {
    return [...(await integrityProblems(connection)), ...(await foreignKeyProblems(connection))]
  } finally {
    connection.close()
  }
}

async function integrityProblems(connection: FileConnection): Promise<CheckProblem[]> {
  const select = `SELECT integrity_check FROM pragma_integrity_check(${MAX_PROBLEMS}, 'main')`
  return problemsBy(connection, 'integrity', select, ([line]) =>
    String(line)
      .split('\n')
      .filter((each) => each !== 'ok' && each !== ''),
  )
}

async function foreignKeyProblems(connection: FileConnection): Promise<CheckProblem[]> {
  const select =
    'SELECT "table", parent, count(*), min(rowid) FROM pragma_foreign_key_check GROUP BY "table", parent, fkid'
  return problemsBy(connection, 'foreign-key', select, ([table, parent, count, rowid]) => {
    const rows = count === 1n ? '1 row' : `${count} rows`
    // Tables WITHOUT ROWID have none.
    const first = rowid === null ? '' : ` (the first has rowid ${rowid})`
    return [`${rows} of ${table} point to no row of ${parent}${first}`]
  })
}

const PROBLEMS = 'temp.__sqlite_efs_check'

/** What runs in the background has no results: they go through a table. A check that can't be completed is a problem, too. */
async function problemsBy(
  connection: FileConnection,
  kind: CheckProblem['kind'],
  select: string,
  inWords: (row: readonly SqlValue[]) => string[],
): Promise<CheckProblem[]> {
  try {
    await connection.execInBackground(`CREATE TEMP TABLE ${PROBLEMS} AS ${select}`)
    const { rows } = connection.run(`SELECT * FROM ${PROBLEMS}`)
    connection.exec(`DROP TABLE ${PROBLEMS}`)
    return rows.flatMap(inWords).map((what) => ({ kind, what }))
  } catch (error) {
    if (!(error instanceof DatabaseError && error.code === 'SQLITE')) throw error
    return [{ kind, what: `the check could not be completed: ${wordsOf(error)}` }]
  }
}

/**
 * The end of the file that is not there: SQLite takes the rest of its last page for zeros. Looked at twice, for a VACUUM may shorten the
 * file between two looks at it.
 */
function missingEnd(path: string): CheckProblem[] {
  if (inspectFile(path).missingBytes === undefined) return []
  const { header, sizeBytes, missingBytes } = inspectFile(path)
  if (missingBytes === undefined) return []
  const what = `the file ends too early: its header counts ${sizeBytes + missingBytes} bytes (${header?.pages ?? 1} pages), and it has ${sizeBytes}`
  return [{ kind: 'integrity', what }]
}

/** SQLite's own words: what to do about damage is for the caller to say. */
function wordsOf(error: unknown): string {
  if (error instanceof DatabaseError && error.details.sqliteMessage) return error.details.sqliteMessage
  return error instanceof Error ? error.message : String(error)
}
