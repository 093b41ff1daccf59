import { LeaseError } from '../contract/errors.js'
import type { Attribute, LineItem } from '../line/line-item.js'
import type { Random } from '../time/random.js'

/** A ticket takes this much of a lock_id: the first 12 of its hexadecimal digits. */
export const TICKET_LIMIT = 2 ** 48

/**
 * A lock_id in the form of a uuid4, whose first 48 bits are the ticket and whose other 74 are random. To Django it is as
 * good as any other; to people and to {@link Leaser.sweep} it shows the same ticket in every process.
 */
export function lockIdOf(ticket: number, random: Random): string {
  const digits = (count: number) => Array.from({ length: count }, () => Math.floor(random() * 16).toString(16)).join('')
  const head = (ticket % TICKET_LIMIT).toString(16).padStart(12, '0')
  const variant = '89ab'.charAt(Math.floor(random() * 4))
  return `${head.slice(0, 8)}-${head.slice(8)}-4${digits(3)}-${variant}${digits(3)}-${digits(12)}`
}

/** The ticket that a lock_id of ours has in it. One of Django's has a random number there: a name to sweep it by. */
export function ticketOf(lockId: string): number {
  const head = Number.parseInt(lockId.replaceAll('-', '').slice(0, 12), 16)
  return Number.isNaN(head) ? 0 : head
}

/** `expires_at`, in seconds with a fraction. */
export const secondsOf = (ms: number) => ({ N: String(ms / 1000) })

/**
 * The item as a line of one at the most.
 *
 * @param marginMs - how long before `expires_at` a holder stops to count on its lease
 * @throws LeaseError `FOREIGN_PROTOCOL` where a line is kept in the item
 */
export function parseLock(key: string, attributes: Record<string, Attribute> | undefined, marginMs: number): LineItem {
  const names = Object.keys(attributes ?? {})
  if (names.some((name) => name === 'ticket' || name.startsWith('t:'))) throw foreignLine(key)
  const lockId = attributes?.['lock_id']?.S
  if (lockId === undefined) return { ticket: 0, contenders: [] }
  // Rounded up: Python's fractions are finer than a millisecond.
  const expiresMs = Math.ceil(Math.round(Number(attributes?.['expires_at']?.N ?? 0) * 1e6) / 1e3)
  const ticket = ticketOf(lockId)
  return { ticket, contenders: [{ id: lockId, ticket, aliveUntilMs: expiresMs - marginMs, owner: lockId }] }
}

function foreignLine(key: string): LeaseError {
  return new LeaseError(
    'FOREIGN_PROTOCOL',
    `The item ${key} has tickets: a line is kept in it, and two protocols on one file exclude nobody. Use the line here ` +
      "too (lease.protocol: 'line'), another table or key, or stop the other writers and delete the item.",
    { key },
  )
}
