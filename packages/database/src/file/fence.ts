import { DatabaseError } from '../contract/errors.js'
import type { Connection } from '../engine/connection.js'

/** "SQEF": the mark of a file whose `user_version` is the fence (https://www.sqlite.org/pragma.html#pragma_application_id). */
export const FENCE_MARK = 0x53514546

const MODULUS = 2 ** 31

/** A ticket as `user_version` holds it: SQLite would store 0 for 2^31. */
export const storedTicket = (token: number) => token % MODULUS

/** What the file says about a ticket that wants to write. */
export type FenceVerdict =
  /** This ticket wrote last. */
  | { verdict: 'stored' }
  /** An older one wrote last, or none yet: this ticket is to be stored in the same transaction. */
  | { verdict: 'to-be-stored' }
  /** A newer one has written: its full number is at least `floor`. */
  | { verdict: 'superseded'; floor: number }

/** How far `fence` is ahead of a token, by the serial-number arithmetic of RFC 1982 with 31 bits; negative when it is behind. */
export function serialDistance(fence: number, token: number): number {
  const distance = (((fence - (token % MODULUS)) % MODULUS) + MODULUS) % MODULUS
  return distance < MODULUS / 2 ? distance : distance - MODULUS
}

/**
 * Compares a ticket with the fence in the file's header. The caller holds SQLite's RESERVED lock.
 *
 * @throws DatabaseError `CONFIGURATION` where the file uses the header's fields for itself
 */
export function checkFence(
  connection: Pick<Connection, 'value'>,
  path: string,
  token: number,
  fencing: 'user_version' | 'off',
): FenceVerdict {
  const mark = Number(connection.value('PRAGMA application_id'))
  const fence = Number(connection.value('PRAGMA user_version'))
  const marked = mark === FENCE_MARK
  if (fencing === 'off') {
    if (marked) {
      throw new DatabaseError(
        'CONFIGURATION',
        `${path} is fenced by its other writers (application_id is ${mark}), but this one has fencing: 'off', and would not be stopped when its lease is over. Leave the option out.`,
        { path, option: 'fencing' },
      )
    }
    return { verdict: 'stored' }
  }
  if (!marked) {
    if (mark === 0 && fence === 0) return { verdict: 'to-be-stored' }
    throw new DatabaseError(
      'CONFIGURATION',
      `${path} uses the header's application_id (${mark}) and user_version (${fence}) for itself, so the fence has no place there. Set both to 0 where they mean nothing to you, or give up the fence with fencing: 'off'.`,
      { path, option: 'fencing' },
    )
  }
  const ahead = serialDistance(fence & (MODULUS - 1), token)
  if (ahead > 0) return { verdict: 'superseded', floor: token + ahead }
  return { verdict: ahead === 0 ? 'stored' : 'to-be-stored' }
}

/** The statements that store a ticket; part of the writer's own transaction. */
export const storeFence = (token: number) =>
  `PRAGMA application_id=${FENCE_MARK}; PRAGMA user_version=${storedTicket(token)}`
