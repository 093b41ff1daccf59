import { mkdtempSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { check } from '../contract/check.js'
import { DatabaseError } from '../contract/errors.js'
import type { SqlValue } from '../contract/values.js'
import { Connection } from '../engine/connection.js'
import { identityOf } from '../engine/file-identity.js'
import { withTypedErrors } from '../engine/sqlite-error.js'
import { checkFence } from '../file/fence.js'
import { journalPathOf, journalState } from '../file/journal.js'
import { removeQuietly } from '../file/remove.js'
import type { ContentContext, Progress } from './context.js'
import { openUnchanging } from './copy/copy.js'
import { bytesOf, type Geometry, geometryOf } from './copy/pages.js'
import { checkSpace } from './copy/space.js'
import { inWindows } from './copy/steps.js'
import { type Content, contentOf } from './copy/verify.js'

/** A database whose content is to replace another's: looked at as a whole, and of the same kind. */
export interface Source extends Content, Geometry {
  connection: Connection
  close(): void
}

/**
 * Opens the file that is restored from, and checks it; nothing of the live database is touched.
 *
 * @throws DatabaseError `CONFIGURATION`, `NOT_FOUND`, `SQLITE` where it is damaged
 */
export async function openSource(context: ContentContext, from: string, progress: Progress): Promise<Source> {
  checkFile(context, from)
  const live = await inWindows(context, (steps) => steps(kindOf))
  const connection = openUnchanging(context, from)
  try {
    const source = { ...kindOf(connection), connection, close: () => connection.close() }
    progress('checking', 0, source.pages)
    const content = await contentOf(connection, from)
    if (context.options.fencing !== 'off') checkFence(connection, from, 0, 'user_version')
    if (source.encoding !== live.encoding) {
      throw unusable(
        from,
        `its text is ${source.encoding}, and that of the database ${live.encoding}: other hosts that have it open could not go on. Load it with the sqlite3 shell's .dump and .read into a database of that encoding, and restore that`,
      )
    }
    progress('checking', source.pages, source.pages)
    if (source.pageSize === live.pageSize) return { ...source, ...content }
    progress('converting', 0, source.pages)
    const converted = await convert(context, source, live.pageSize)
    connection.close()
    return { ...converted, ...content }
  } catch (error) {
    connection.close()
    throw error
  }
}

/** What two databases must have in common, so that a connection can go on from one to the other. */
const kindOf = (connection: Pick<Connection, 'value'>): Geometry & { encoding: SqlValue } => ({
  ...geometryOf(connection),
  encoding: connection.value('PRAGMA encoding'),
})

function checkFile(context: ContentContext, from: unknown): asserts from is string {
  if (typeof from !== 'string' || !isAbsolute(from) || from.includes('\0')) {
    throw unusable(from)
  }
  const stats = withTypedErrors(from, () => statSync(from, { throwIfNoEntry: false }))
  if (!stats) {
    const message = `There is no file at ${from}: check the path, and the mount.`
    throw new DatabaseError('NOT_FOUND', message, { path: from, option: 'from' })
  }
  if (!stats.isFile() || stats.size === 0) throw unusable(from, 'it is no database file')
  if (identityOf(from) === identityOf(context.options.path)) throw unusable(from, 'it is the database itself')
  if (journalState(from) === 'hot-or-live') {
    throw unusable(
      from,
      `${journalPathOf(from)} says that somebody writes it, or died as he did. Close what uses it, and open it once with the sqlite3 shell, which rolls that back`,
    )
  }
  if ((statSync(`${from}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) {
    throw unusable(
      from,
      `a part of its content is in ${from}-wal still. Close what uses it, and run \`sqlite3 ${from} "PRAGMA journal_mode=DELETE"\` once`,
    )
  }
}

/** The same rows in pages of another size. VACUUM INTO keeps rowids, and needs a file that it may write to change that size. */
async function convert(context: ContentContext, source: Omit<Source, keyof Content>, pageSize: number) {
  const { path, pragmas } = context.options
  const parent = dirname(path)
  checkSpace(path, 'a conversion to its page size', [{ folder: parent, bytes: 3 * bytesOf(source) }])
  const folder = withTypedErrors(path, () => mkdtempSync(join(parent, '.sqlite-efs-restore-')))
  const remove = () => removeQuietly(folder)
  try {
    const same = join(folder, 'same.db')
    const converted = join(folder, 'converted.db')
    await source.connection.execInBackground(`VACUUM INTO ${text(same)}`)
    const copy = new Connection({ path: same, pragmas, mode: 'read-write' })
    try {
      copy.exec(`PRAGMA page_size=${pageSize}`)
      await copy.execInBackground(`VACUUM INTO ${text(converted)}`)
    } finally {
      copy.close()
    }
    const connection = openUnchanging(context, converted)
    return {
      ...geometryOf(connection),
      connection,
      close: () => {
        connection.close()
        remove()
      },
    }
  } catch (error) {
    remove()
    throw error
  }
}

/** An SQL text. */
const text = (value: string) => `'${value.replaceAll("'", "''")}'`

const unusable = (from: unknown, hint?: string) =>
  check.wrong('from', 'be the absolute path of a database file that can be restored', from, { hint })
