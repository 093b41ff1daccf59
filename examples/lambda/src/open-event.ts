import * as z from 'zod'
import { createClient } from './client.js'

const { prisma } = createClient(process.env)

/** What the function is invoked with. */
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
 * Opens an event for booking. It is no route of the API, so that only who may invoke the function can do it.
 *
 * @returns the event's id, and how many seats can be booked; where the event is there already, it is left as it is
 */
export async function handler(input: unknown): Promise<{ id: string; seats: number }> {
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
