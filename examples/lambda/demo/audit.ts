import Database from 'libsql'
import type { Sale } from './buyers.js'

export interface Findings {
  /** Seats with a booking in the file. */
  sold: number
  /** Bookings beyond the first of a seat, in the file or in what the buyers were told. */
  oversold: number
  /** Bookings that buyers were told of and that are not in the file. */
  lost: number
  /** Everything else that is not as it should be, and what SQLite found. */
  problems: string[]
}

interface BookingRow {
  id: string
  seatNumber: number
  price: number
}

/** Holds the file to what the buyers were told, by a connection that knows nothing of leases. */
export function audit(path: string, eventId: string, told: readonly Sale[]): Findings {
  const db = new Database(`file:${path}?vfs=unix`)
  try {
    const problems = [...pragma(db, 'integrity_check'), ...pragma(db, 'foreign_key_check')].filter(
      (line) => line !== 'ok',
    )
    const bookings = db
      .prepare('SELECT "id", "seatNumber", "price" FROM "Booking" WHERE "eventId" = ?')
      .all(eventId) as BookingRow[]
    const inFile = new Map(bookings.map((row) => [row.id, row.seatNumber]))
    if (inFile.size < bookings.length) problems.push(`${bookings.length - inFile.size} bookings are there twice`)

    const toldIds = new Set(told.map(({ id }) => id))
    const untold = [...inFile.keys()].filter((id) => !toldIds.has(id))
    if (untold.length > 0) problems.push(`${untold.length} bookings that no buyer was told of`)

    const idsOfSeat = new Map<number, Set<string>>()
    const promises = [...told, ...bookings.map((row) => ({ id: row.id, seat: row.seatNumber }))]
    for (const { id, seat } of promises) idsOfSeat.set(seat, (idsOfSeat.get(seat) ?? new Set()).add(id))

    const { revenue } = db.prepare('SELECT "revenue" FROM "Event" WHERE "id" = ?').get(eventId) as { revenue: number }
    const due = bookings.reduce((sum, row) => sum + row.price, 0)
    if (revenue !== due) problems.push(`the event's revenue is ${revenue}, its bookings add up to ${due}`)

    return {
      sold: new Set(inFile.values()).size,
      oversold: [...idsOfSeat.values()].reduce((sum, ids) => sum + ids.size - 1, 0),
      lost: told.filter(({ id, seat }) => inFile.get(id) !== seat).length,
      problems,
    }
  } finally {
    db.close()
  }
}

function pragma(db: Database.Database, name: 'integrity_check' | 'foreign_key_check'): string[] {
  const rows = db.prepare(`PRAGMA ${name}`).all() as Record<string, unknown>[]
  return rows.map((row) =>
    name === 'integrity_check' ? String(row['integrity_check']) : `foreign key: ${JSON.stringify(row)}`,
  )
}
