import { storedTicket } from '../file/fence.js'
import type { WriteTurn } from '../write/write-turn.js'

/**
 * Stores the ticket in the file, in a transaction of its own: for what can't be part of one. Whoever had the lease before, and is late,
 * writes nothing from now on.
 *
 * @throws DatabaseError as any commit does
 */
export async function storeTicket(turn: WriteTurn, fencing: 'user_version' | 'off'): Promise<void> {
  const transaction = await turn.begin()
  if (fencing === 'off') return transaction.rollback()
  // A change, so that there is something to commit; the commit itself sets the mark where that is missing.
  transaction.run(`PRAGMA user_version=${storedTicket(turn.lease.token)}`, [], 'write')
  await transaction.commit()
}
