import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import * as z from 'zod'
import { Refusal } from './answer.js'
import { type BookingRequest, bookingRequest } from './schema.js'

/** Whether the request comes from a form of a page, and is answered with a page. */
export function isForm({ headers }: APIGatewayProxyEventV2): boolean {
  return headers['content-type']?.toLowerCase().startsWith('application/x-www-form-urlencoded') ?? false
}

/** @throws Refusal saying what is wrong */
export function parseJson(event: APIGatewayProxyEventV2): BookingRequest {
  let json: unknown
  try {
    json = JSON.parse(textOf(event))
  } catch {
    throw new Refusal(400, 'invalid-json', 'the body is not JSON')
  }
  return check(json)
}

/** @throws Refusal saying what is wrong */
export function parseForm(fields: URLSearchParams): BookingRequest {
  const { seat, ...others } = Object.fromEntries(fields)
  return check(seat ? { ...others, seat: Number(seat) } : others)
}

/** The fields of a form, as they came. */
export function fieldsOf(event: APIGatewayProxyEventV2): URLSearchParams {
  return new URLSearchParams(textOf(event))
}

/** A function URL hands over forms in base64. */
function textOf({ body = '', isBase64Encoded }: APIGatewayProxyEventV2): string {
  return isBase64Encoded ? Buffer.from(body, 'base64').toString() : body
}

function check(body: unknown): BookingRequest {
  const parsed = bookingRequest.safeParse(body)
  if (parsed.success) return parsed.data
  throw new Refusal(400, 'invalid-request', z.prettifyError(parsed.error), parsed.error.issues)
}
