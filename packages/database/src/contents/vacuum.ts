import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ContentOptions, VacuumResult } from '../contract/content.js'
import { Connection } from '../engine/connection.js'
import { retryWhileBusy } from '../engine/retry-while-busy.js'
import { withTypedErrors } from '../engine/sqlite-error.js'
import { milliseconds } from '../file/options.js'
import type { WriteTurn } from '../write/write-turn.js'
import { readersStay } from '../write/writer-errors.js'
import { type ContentContext, inTurn, type Progress, progressTo } from './context.js'
import { checkSpace, temporaryFolder } from './copy/space.js'
import { storeTicket } from './store-ticket.js'

/** See `vacuum` of maintenance.ts. */
export async function vacuum(context: ContentContext, options: ContentOptions): Promise<VacuumResult> {
  const { fencing } = context.options
  const timeoutMs = milliseconds('timeoutMs', options.timeoutMs, context.options.timeoutMs)
  return inTurn(context, 'a vacuum', timeoutMs, async (turn) => {
    await storeTicket(turn, fencing)
    return vacuumIn(turn, context, progressTo(options.onProgress))
  })
}

/**
 * VACUUM can't run in a transaction, so there is no COMMIT of ours to guard: the ticket was stored in one before, and more than half of
 * the lease is left as it begins. It changes where rows lie and not what they say, and keeps the fence, so one that ends after its
 * lease loses nothing as long as SQLite's own locks stand; they keep everybody else out while it writes.
 */
export async function vacuumIn(turn: WriteTurn, context: ContentContext, progress: Progress): Promise<VacuumResult> {
  const { path, pragmas, vfs, timeoutMs } = context.options
  const bytesBefore = sizeOf(path)
  // https://www.sqlite.org/lang_vacuum.html#how_vacuum_works: a temporary copy, and a journal with what is overwritten.
  checkSpace(path, 'a VACUUM', [
    { folder: temporaryFolder(), bytes: bytesBefore },
    { folder: dirname(path), bytes: bytesBefore },
  ])
  turn.connection.discard()
  // Its copy goes to the disk, and its pages may go to the file before it ends: memory stays flat. The journal undoes them.
  const own = { ...pragmas, temp_store: 'FILE', cache_spill: 'ON', busy_timeout: Math.round(timeoutMs) }
  const open = () => new Connection({ path, pragmas: own, vfs, mode: 'read-write' })
  const connection = await retryWhileBusy(context.lockWait(), open)
  const letReadersIn = context.readers.holdBack()
  try {
    if (!(await context.readers.none(timeoutMs))) throw readersStay(path, timeoutMs)
    const pages = Number(connection.value('PRAGMA page_count'))
    progress('vacuuming', 0, pages)
    await retryWhileBusy(context.lockWait(), async () => {
      await turn.guard.stayAlive()
      context.window.closeWindow()
      await connection.execInBackground('VACUUM')
    })
    progress('vacuuming', pages, pages)
  } finally {
    letReadersIn()
    connection.close()
  }
  return { bytesBefore, bytesAfter: sizeOf(path) }
}

const sizeOf = (path: string) => withTypedErrors(path, () => statSync(path).size)
