import * as z from 'zod'

/** The body of `POST /bookings`. */
export const bookingRequest = z.strictObject({
  /** The booking's id, chosen by the client: who sends the same request again finds the same booking. */
  id: z.uuid().optional(),
  eventId: z.string().min(1).max(100),
  /** A certain seat; without it, the free one with the lowest number. */
  seat: z.int().positive().optional(),
  buyer: z.string().trim().min(1).max(200),
})

export type BookingRequest = z.infer<typeof bookingRequest>

/** `Event.details`, a JSON document: of its fields the service needs the price of a seat, in cents. */
export const eventDetails = z.looseObject({ seatPrice: z.int().nonnegative() })
