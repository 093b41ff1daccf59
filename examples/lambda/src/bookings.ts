import { randomUUID } from 'node:crypto'
import { Refusal } from './answer.js'
import type { Booking, Event, Prisma, PrismaClient, Seat } from './generated/prisma/client.js'
import { type BookingRequest, eventDetails } from './schema.js'
import { retryConflicts } from './transactions.js'

/**
 * Sells a seat, once. The transaction holds the lease from its first statement on, so nobody else writes between
 * what it reads and what it writes.
 */
export async function book(prisma: PrismaClient, request: BookingRequest): Promise<Booking> {
  const id = request.id ?? randomUUID()
  // Reading costs no lease: whoever comes too late is refused here.
  await findOffer(prisma, id, request)
  return retryConflicts(() =>
    prisma.$transaction(async (tx) => {
      const offer = await findOffer(tx, id, request)
      if ('booking' in offer) return offer.booking
      const price = BigInt(eventDetails.parse(JSON.parse(offer.event.details)).seatPrice)
      await tx.event.update({ where: { id: offer.event.id }, data: { revenue: offer.event.revenue + price } })
      return tx.booking.create({
        data: { id, eventId: offer.event.id, seatNumber: offer.seat.number, buyer: request.buyer, price },
      })
    }),
  )
}

/** The event, and how many of its seats are still free. */
export async function findEvent(prisma: PrismaClient, id: string): Promise<Event & { freeSeats: number }> {
  const [event, freeSeats] = await Promise.all([
    prisma.event.findUnique({ where: { id } }),
    prisma.seat.count({ where: { eventId: id, booking: null } }),
  ])
  if (!event) throw noSuchEvent(id)
  return { ...event, freeSeats }
}

type Offer = { booking: Booking } | { event: Event; seat: Seat }

/** The seat that can be sold, or the booking that this very request led to before. */
async function findOffer(db: Prisma.TransactionClient, id: string, request: BookingRequest): Promise<Offer> {
  const { eventId, seat: number, buyer } = request
  const booking = await db.booking.findUnique({ where: { id } })
  if (booking) {
    const same =
      booking.eventId === eventId && booking.buyer === buyer && (number ?? booking.seatNumber) === booking.seatNumber
    if (!same) throw new Refusal(409, 'id-in-use', `booking ${id} is somebody else's`)
    return { booking }
  }
  const event = await db.event.findUnique({ where: { id: eventId } })
  if (!event) throw noSuchEvent(eventId)
  if (number === undefined) {
    const seat = await db.seat.findFirst({ where: { eventId, booking: null }, orderBy: { number: 'asc' } })
    if (!seat) throw new Refusal(409, 'sold-out', `${event.name} is sold out`)
    return { event, seat }
  }
  const seat = await db.seat.findUnique({
    where: { eventId_number: { eventId, number } },
    include: { booking: true },
  })
  if (!seat) throw new Refusal(404, 'no-such-seat', `${event.name} has no seat ${number}`)
  if (seat.booking) throw new Refusal(409, 'seat-taken', `seat ${number} of ${event.name} is taken`)
  return { event, seat }
}

export function noSuchEvent(id: string): Refusal {
  return new Refusal(404, 'no-such-event', `there is no event ${id}`)
}
