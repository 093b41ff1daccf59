import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import * as z from 'zod'
import { type Answer, Refusal, toResult } from './answer.js'
import { book, findEvent } from './bookings.js'
import type { PrismaClient } from './generated/prisma/client.js'
import { bookingRequest } from './schema.js'
import { isBusy } from './transactions.js'

const RETRY_AFTER_SECONDS = 1

/** The service as a function from an API Gateway v2 or function URL event to its answer. It never throws. */
export function createRouter(prisma: PrismaClient) {
  return async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> =>
    toResult(await route(prisma, event).catch(toAnswer))
}

async function route(prisma: PrismaClient, event: APIGatewayProxyEventV2): Promise<Answer> {
  const { method, path } = event.requestContext.http
  if (method === 'POST' && path === '/bookings') {
    return { status: 201, body: await book(prisma, parseBody(event)) }
  }
  const eventId = /^\/events\/([^/]+)$/.exec(path)?.[1]
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

function parseBody({ body = '', isBase64Encoded }: APIGatewayProxyEventV2) {
  let json: unknown
  try {
    json = JSON.parse(isBase64Encoded ? Buffer.from(body, 'base64').toString() : body)
  } catch {
    throw new Refusal(400, 'invalid-json', 'the body is not JSON')
  }
  const parsed = bookingRequest.safeParse(json)
  if (parsed.success) return parsed.data
  throw new Refusal(400, 'invalid-request', z.prettifyError(parsed.error), parsed.error.issues)
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new Refusal(400, 'invalid-path', 'the path is not percent-encoded as it should be')
  }
}

function toAnswer(error: unknown): Answer {
  if (error instanceof Refusal) return error.answer
  if (isBusy(error)) {
    return {
      status: 503,
      headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
      body: { error: 'busy', message: 'too many bookings at once, or one is stuck; nothing was booked, try again' },
    }
  }
  console.error(error)
  return { status: 500, body: { error: 'internal', message: 'something went wrong here' } }
}
