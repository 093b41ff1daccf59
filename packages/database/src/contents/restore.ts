import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ContentOptions, RestoreResult } from '../contract/content.js'
import { DatabaseError } from '../contract/errors.js'
import type { FileConnection } from '../engine/connection.js'
import { readPage } from '../engine/page.js'
import { FENCE_MARK, storedTicket } from '../file/fence.js'
import { modeOfCopy } from '../file/file-mode.js'
import { milliseconds } from '../file/options.js'
import { removeQuietly } from '../file/remove.js'
import type { WriteTransaction } from '../write/write-transaction.js'
import { TurnIsOver, type WriteTurn } from '../write/write-turn.js'
import { type ContentContext, inTurn, type Progress, progressTo } from './context.js'
import { copyPages } from './copy/copy.js'
import { NewFile } from './copy/new-file.js'
import { bytesOf, eachPage, type Geometry, geometryOf, isLockPage } from './copy/pages.js'
import { checkMemory, checkSpace } from './copy/space.js'
import { stepsIn } from './copy/steps.js'
import { type Content, verifyContent } from './copy/verify.js'
import { openSource, type Source } from './source.js'
import { vacuumIn } from './vacuum.js'

/** So many bytes are added to the file in one statement; SQLite takes no row of more than a billion. */
const MAX_GROWTH_BYTES = 2 ** 28

/** Each page has a header in SQLite's cache, and source and copy have caches, too. Measured: 1.31 for 300 MB, 1.23 for 1.1 GB. */
const MEMORY_PER_BYTE = 1.3

/** See `restore` of maintenance.ts. */
export async function restore(context: ContentContext, from: string, options: ContentOptions): Promise<RestoreResult> {
  const progress = progressTo(options.onProgress)
  const timeoutMs = milliseconds('timeoutMs', options.timeoutMs, context.options.timeoutMs)
  const source = await openSource(context, from, progress)
  try {
    return await inTurn(context, 'a restore', timeoutMs, async (turn) => {
      const { path, fencing } = context.options
      const keptAt = await replaceContent(turn, context, source, progress)
      const fence = fencing === 'off' ? undefined : storedTicket(turn.lease.token)
      if (statSync(path).size > bytesOf(source)) await giveBackTheRest(turn, context, progress)
      const geometry = await verify(turn, path, { rows: source.rows, fence }, keptAt, progress)
      return { path, keptAt, pages: geometry.pages, bytes: bytesOf(geometry), rows: source.rows, fence }
    })
  } finally {
    source.close()
  }
}

/**
 * Overwrites every page in one transaction. Connections that are open anywhere go on: to them it is a commit like any other, after which
 * the header tells them to forget their pages and their schema.
 *
 * @returns where the content of before is kept
 */
async function replaceContent(
  turn: WriteTurn,
  context: ContentContext,
  source: Source,
  progress: Progress,
): Promise<string> {
  const { path, clock } = context.options
  // Statements of earlier transactions may be garbage: see Connection.execInBackground.
  turn.connection.discard()
  const transaction = await turn.begin()
  const { connection } = transaction
  const live = geometryOf(connection)
  mustFit(path, live, source)
  const keptAt = `${path}.before-restore-${new Date(clock.wallMs()).toISOString().replaceAll(/[-:]/g, '')}`
  const kept = await NewFile.create(keptAt, modeOfCopy(path))
  try {
    await copyPages(context, stepsIn(transaction), kept, progress)
    // At COMMIT this would move pages about, by what it remembers of the old ones.
    if (connection.value('PRAGMA auto_vacuum') === 1n) connection.exec('PRAGMA auto_vacuum=INCREMENTAL')
    await grow(transaction, source, progress)
    await writePages(transaction, context, source, turn.lease.token, progress)
    await kept.putInPlace()
    progress('committing', 0, source.pages)
    await transaction.commit({ inBackground: true })
  } catch (error) {
    await kept.discard()
    const mayHaveWritten = error instanceof DatabaseError && error.code === 'COMMIT_UNKNOWN'
    if (!mayHaveWritten) removeQuietly(keptAt)
    throw error
  }
  turn.connection.discard()
  progress('committing', source.pages, source.pages)
  return keptAt
}

function mustFit(path: string, live: Geometry, source: Geometry): void {
  if (live.pageSize !== source.pageSize) {
    const message = `${path} has got pages of another size since the restore began (${live.pageSize} bytes, not ${source.pageSize}). Nothing was written; try again.`
    throw new DatabaseError('WRITE_CONFLICT', message, { path })
  }
  const more = Math.max(0, bytesOf(source) - bytesOf(live))
  checkMemory(path, 'the new content', Math.ceil(MEMORY_PER_BYTE * (bytesOf(live) + more)))
  // The copy of the old content, the journal with the same once more, and what the file grows by.
  checkSpace(path, 'a restore', [{ folder: dirname(path), bytes: 2 * bytesOf(live) + more }])
}

/** A page can be overwritten only where there is one: rows of zeros make the file as long as the source, and are overwritten with it. */
async function grow(transaction: WriteTransaction, { pages, pageSize }: Geometry, progress: Progress): Promise<void> {
  const { connection, guard } = transaction
  const first = geometryOf(connection).pages
  if (first >= pages) return
  const table = `_sqlite_efs_${randomBytes(6).toString('hex')}`
  await transaction.execInBackground(`CREATE TABLE ${table} (filler)`)
  for (;;) {
    const missing = pages - geometryOf(connection).pages
    progress('growing', Math.min(pages, pages - missing) - first, pages - first)
    if (missing <= 0) return
    await guard.stayAlive()
    // An overflow page holds four bytes less than its size: https://www.sqlite.org/fileformat2.html#ovflpgs
    const bytes = Math.min(missing * (pageSize - 4), MAX_GROWTH_BYTES)
    await transaction.execInBackground(`INSERT INTO ${table} VALUES (zeroblob(${bytes}))`)
  }
}

async function writePages(
  transaction: WriteTransaction,
  context: ContentContext,
  source: Source,
  ticket: number,
  progress: Progress,
): Promise<void> {
  const { clock, fencing } = context.options
  const steps = stepsIn(transaction)
  const live = Buffer.from(readPage(transaction.connection, 1))
  for (let next = 2; next <= source.pages; ) {
    progress('writing', next - 2, source.pages)
    next += await steps((connection) =>
      eachPage(clock, source, next, (page) => {
        if (!isLockPage(page, source.pageSize)) writePage(connection, page, readPage(source.connection, page))
      }),
    )
  }
  // Last: from here on SQLite would find a schema that it has not read.
  const token = fencing === 'off' ? undefined : ticket
  await steps((connection) => writePage(connection, 1, firstPage(source, live, token)))
  progress('writing', source.pages, source.pages)
}

function writePage(connection: FileConnection, page: number, data: Uint8Array): void {
  const { changes } = connection.run('UPDATE sqlite_dbpage SET data = ?1 WHERE pgno = ?2', [data, BigInt(page)])
  if (changes !== 1) throw new Error(`Page ${page} could not be written: there is none`)
}

/**
 * The source's first page with a header (https://www.sqlite.org/fileformat2.html#the_database_header) that makes it the next state of the
 * live file. The change counter is not in it: COMMIT sets that to the live one's plus one, which no page cache has seen.
 */
function firstPage({ connection, pages }: Source, live: Buffer, token: number | undefined): Buffer {
  const page = Buffer.from(readPage(connection, 1))
  // COMMIT makes the number of pages count, which SQLite before 3.7.0 left as it was.
  page.writeUInt32BE(pages, 28)
  // Read and written with a rollback journal, even if the source was in WAL mode.
  page[18] = page[19] = 1
  // The schema cookie: who has parsed the schema of before parses this one.
  const cookie = Math.max(live.readUInt32BE(40), page.readUInt32BE(40))
  page.writeUInt32BE((cookie + 1) % 2 ** 32, 40)
  const isMarked = page.readUInt32BE(68) === FENCE_MARK
  if (token !== undefined) {
    page.writeUInt32BE(storedTicket(token), 60)
    page.writeUInt32BE(FENCE_MARK, 68)
  } else if (isMarked) {
    // Here nobody stores tickets, and a mark would keep everybody from writing.
    page.writeUInt32BE(0, 60)
    page.writeUInt32BE(0, 68)
  }
  return page
}

/** The file is longer than its content, which is allowed, but of no use. Where it can't be made shorter just now, it works as it is. */
async function giveBackTheRest(turn: WriteTurn, context: ContentContext, progress: Progress): Promise<void> {
  try {
    await vacuumIn(turn, context, progress)
  } catch {
    // A vacuum() later does it.
  }
}

/** In a write transaction, in which nobody else can commit, and nothing is written. */
async function verify(
  turn: WriteTurn,
  path: string,
  wanted: Content,
  keptAt: string,
  progress: Progress,
): Promise<Geometry> {
  try {
    const { connection } = await turn.begin()
    const geometry = geometryOf(connection)
    progress('verifying', 0, geometry.pages)
    await verifyContent(connection, path, wanted)
    progress('verifying', geometry.pages, geometry.pages)
    return geometry
  } catch (error) {
    // The turn is not had again: it would be restored twice.
    const known = error instanceof TurnIsOver ? notVerified(path) : error
    if (!(known instanceof DatabaseError)) throw known
    const message = `${known.message} It was restored, and is committed; what it held before is in ${keptAt}.`
    throw new DatabaseError(known.code, message, known.details, { cause: error })
  } finally {
    turn.connection.discard()
  }
}

const notVerified = (path: string) =>
  new DatabaseError('WRITE_CONFLICT', `The lease on ${path} did not last until its new content was verified.`, { path })
