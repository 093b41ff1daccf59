import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { type Answer, Refusal, toFailure, toResult } from './answer.js'
import { isForm, parseJson } from './booking-body.js'
import { book, findEvent } from './bookings.js'
import { unlessUnchanged } from './etag.js'
import type { PrismaClient } from './generated/prisma/client.js'
import { bookByForm, showEvent } from './page/routes.js'
import { findSeats } from './seats.js'

/** The service as a function from an API Gateway v2 or function URL event to its answer. It never throws. */
export function createRouter(prisma: PrismaClient) {
  return async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> =>
    toResult(await route(prisma, event).catch(toFailure))
}

async function route(prisma: PrismaClient, event: APIGatewayProxyEventV2): Promise<Answer> {
  const { method, path } = event.requestContext.http
  if (method === 'GET' && path === '/') return showEvent(prisma, event)
  if (method === 'POST' && path === '/bookings') {
    return isForm(event) ? bookByForm(prisma, event) : { status: 201, body: await book(prisma, parseJson(event)) }
  }
  const [, eventId, seats] = /^\/events\/([^/]+)(\/seats)?$/.exec(path) ?? []
  if (method === 'GET' && eventId && seats) return unlessUnchanged(event, await findSeats(prisma, decode(eventId)))
  if (method === 'GET' && eventId) {
    const { poster: _, ...found } = await findEvent(prisma, decode(eventId))
    return { status: 200, body: found }
  }
  if (method === 'GET' && path === '/health') {
    await prisma.$queryRaw`SELECT 1`
    return { status: 200, body: { status: 'ok' } }
  }
  throw new Refusal(404, 'no-such-route', `there is no ${method} ${path}`)
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new Refusal(400, 'invalid-path', 'the path is not percent-encoded as it should be')
  }
}
