import * as z from 'zod'
import type { Prisma, PrismaClient } from '../generated/prisma/client.js'
import { eventDetails } from '../schema.js'
import { findSeats } from '../seats.js'
import type { Seats } from './seats.js'

/** What the page shows of an event. */
export interface View {
  id: string
  name: string
  startsAt: Date
  /** Of a seat, for people. */
  price: string
  seats: Seats
  /** The seats of those bookings whose ids the browser knows. */
  yours: number[]
}

/** Without a currency the price is a bare number. */
const pricing = eventDetails.extend({
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .optional()
    .catch(undefined),
})

/** An event by its id, or else the next one. */
export async function findView(
  prisma: PrismaClient,
  eventId: string | null,
  bookingIds: readonly string[],
): Promise<View | undefined> {
  const select = { id: true, name: true, startsAt: true, details: true } satisfies Prisma.EventSelect
  const event =
    eventId === null
      ? await prisma.event.findFirst({ where: { startsAt: { gte: new Date() } }, orderBy: { startsAt: 'asc' }, select })
      : await prisma.event.findUnique({ where: { id: eventId }, select })
  if (!event) return undefined
  const [seats, bookings] = await Promise.all([
    findSeats(prisma, event.id),
    prisma.booking.findMany({
      where: { eventId: event.id, id: { in: [...bookingIds] } },
      orderBy: { seatNumber: 'asc' },
      select: { seatNumber: true },
    }),
  ])
  const { details, ...shown } = event
  return { ...shown, price: priceOf(details), seats, yours: bookings.map(({ seatNumber }) => seatNumber) }
}

function priceOf(details: string): string {
  const { seatPrice, currency } = pricing.parse(JSON.parse(details))
  const style = currency ? ({ style: 'currency', currency } as const) : { minimumFractionDigits: 2 }
  return (seatPrice / 100).toLocaleString('en-GB', style)
}
