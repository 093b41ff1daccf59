import * as z from 'zod'
import type { PrismaClient } from './generated/prisma/client.js'

/** What {@link openEvent} takes. */
const newEvent = z.strictObject({
  id: z.string().min(1).max(100),
  name: z.string().trim().min(1).max(200),
  startsAt: z.iso.datetime({ offset: true }),
  /** So many, numbered from 1 on. */
  seats: z.int().positive().max(10_000),
  /** In cents. */
  seatPrice: z.int().nonnegative(),
})

/**
 * Opens an event for booking. One that is there already is left as it is.
 *
 * @returns the event's id, and how many seats it has
 * @throws ZodError naming what is wrong
 */
export async function openEvent(prisma: PrismaClient, input: unknown): Promise<{ id: string; seats: number }> {
  const { id, name, startsAt, seats, seatPrice } = newEvent.parse(input)
  const details = JSON.stringify({ seatPrice })
  const numbers = Array.from({ length: seats }, (_, index) => ({ number: index + 1 }))
  await prisma.event.upsert({
    where: { id },
    create: { id, name, startsAt: new Date(startsAt), details, seats: { create: numbers } },
    update: {},
  })
  return { id, seats: await prisma.seat.count({ where: { eventId: id } }) }
}
