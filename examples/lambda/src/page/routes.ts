import { randomUUID } from 'node:crypto'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { type Answer, toFailure } from '../answer.js'
import { fieldsOf, parseForm } from '../booking-body.js'
import { book } from '../bookings.js'
import type { PrismaClient } from '../generated/prisma/client.js'
import { toPage } from './document.js'
import { eventPage } from './event-page.js'
import { noEventPage } from './no-event-page.js'
import { findView } from './view.js'
import { refusal } from './words.js'

/** A page says of so many bookings that they are yours. */
const BOOKINGS = 20

/** `GET /`: the next event, or the one of `?event=`. Seats of bookings that are named by `&booking=` are shown as yours. */
export async function showEvent(prisma: PrismaClient, { rawQueryString }: APIGatewayProxyEventV2): Promise<Answer> {
  const query = new URLSearchParams(rawQueryString)
  const eventId = query.get('event')
  const view = await findView(prisma, eventId, query.getAll('booking').slice(-BOOKINGS))
  if (!view) return toPage(eventId === null ? 200 : 404, 'No event', noEventPage(eventId))
  return toPage(200, view.name, eventPage(view, { id: randomUUID() }))
}

/**
 * `POST /bookings` from the form, where the script does not run. A booking is followed by its page, so that loading that
 * again sends nothing again; anything else is said on the page of the form, which may be sent once more.
 */
export async function bookByForm(prisma: PrismaClient, event: APIGatewayProxyEventV2): Promise<Answer> {
  const fields = fieldsOf(event)
  try {
    const { id, eventId } = await book(prisma, parseForm(fields))
    const location = `./?${new URLSearchParams({ event: eventId, booking: id }).toString()}`
    return { status: 303, headers: { location, 'content-type': 'text/plain' }, body: '' }
  } catch (error) {
    const { status, headers, body } = toFailure(error)
    const eventId = fields.get('eventId') ?? ''
    const view = await findView(prisma, eventId, [])
    if (!view) return toPage(404, 'No event', noEventPage(eventId))
    const seat = Number(fields.get('seat')) || undefined
    // Whether it was booked is not known, or it may be soon: then the same id finds out.
    const id = (status >= 500 && fields.get('id')) || randomUUID()
    const form = { id, seat, buyer: fields.get('buyer') ?? undefined, refusal: refusal(body, seat) }
    return toPage(status, view.name, eventPage(view, form), headers)
  }
}
