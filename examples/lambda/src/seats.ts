import { noSuchEvent } from './bookings.js'
import type { PrismaClient } from './generated/prisma/client.js'
import type { Seats } from './page/seats.js'

/** The seats of an event. Reads alone: it needs no lease. */
export async function findSeats(prisma: PrismaClient, eventId: string): Promise<Seats> {
  const [event, seats, bookings] = await Promise.all([
    prisma.event.findUnique({ where: { id: eventId }, select: { id: true } }),
    prisma.seat.findMany({ where: { eventId }, orderBy: { number: 'asc' }, select: { number: true } }),
    prisma.booking.findMany({ where: { eventId }, select: { seatNumber: true } }),
  ])
  if (!event) throw noSuchEvent(eventId)
  const booked = new Set(bookings.map(({ seatNumber }) => seatNumber))
  const numbers = seats.map(({ number }) => number)
  return {
    free: numbers.filter((number) => !booked.has(number)),
    taken: numbers.filter((number) => booked.has(number)),
  }
}
