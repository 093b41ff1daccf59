import { LeaseError } from '@sqlite-efs/lease'
import type { HoldOptions, LeaseHandle } from '../contract/content.js'
import { journalSize, putJournalInPlace } from '../file/journal.js'
import { milliseconds } from '../file/options.js'
import { TurnIsOver, type WriteTurn } from '../write/write-turn.js'
import { type ContentContext, inTurn } from './context.js'
import { storeTicket } from './store-ticket.js'

/** See `hold` of maintenance.ts. */
export async function hold<T>(
  context: ContentContext,
  body: (held: LeaseHandle) => Promise<T>,
  options: HoldOptions,
): Promise<T> {
  const { fencing } = context.options
  const timeoutMs = milliseconds('timeoutMs', options.timeoutMs, context.options.timeoutMs)
  return inTurn(context, 'a hold', timeoutMs, async (turn) => {
    await storeTicket(turn, fencing)
    // A connection of before would follow the other program into WAL mode; a new one refuses to.
    turn.connection.discard()
    const { lease } = turn
    let result: T
    try {
      result = await body({ token: lease.token, signal: lease.signal })
    } catch (error) {
      // What the body has to say comes first.
      await afterwards(context, turn).catch(() => {})
      throw error
    }
    await afterwards(context, turn)
    return result
  })
}

/** Has the file as it was, whatever the other program did to it: the journal in its place, nothing half done, and this ticket in the header. */
async function afterwards(context: ContentContext, turn: WriteTurn): Promise<void> {
  const { path, fencing } = context.options
  const { lease } = turn
  // Whoever has the lease by now, and before a connection is opened, which would do so without a word.
  if (journalSize(path) === undefined && putJournalInPlace(path)) {
    context.listeners.tell({ type: 'journal-restored', path, token: lease.token })
  }
  // Whether it was taken over, only the line knows: who did may have written without a fence, and with other programs.
  await lease.renew()
  try {
    await storeTicket(turn, fencing)
  } catch (error) {
    if (!(error instanceof TurnIsOver)) throw error
    // The turn is not had again: the body would run twice.
    const message = `The lease on ${path} did not last while it was held for another program: others may have written meanwhile. Look at what both wrote.`
    throw new LeaseError('LEASE_LOST', message, { key: lease.key })
  }
}
