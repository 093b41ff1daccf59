import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { isBusy, isInvalidValue } from './transactions.js'

const RETRY_AFTER_SECONDS = 1

/**
 * What a route answers. A `body` that is text goes out as it is, and `headers` say what it is; any other becomes JSON, and
 * may hold what Prisma gives: dates become ISO text, and BigInts decimal text.
 */
export interface Answer {
  status: number
  body: unknown
  headers?: Record<string, string>
}

/** An answer that is not the one asked for. `error` is for programs, `message` for people. */
export class Refusal extends Error {
  readonly status: number
  readonly error: string
  readonly details: unknown

  constructor(status: number, error: string, message: string, details?: unknown) {
    super(message)
    this.status = status
    this.error = error
    this.details = details
  }
}

/** What is answered where a route has failed. `body` says it in words, and in one word for programs. */
export interface Failure extends Answer {
  body: { error: string; message: string; details?: unknown }
}

/** What went wrong inside is written to the log, and told to nobody. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Refusal) {
    return { status: error.status, body: { error: error.error, message: error.message, details: error.details } }
  }
  if (isBusy(error)) {
    return {
      status: 503,
      headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
      body: { error: 'busy', message: 'too many bookings at once, or one is stuck; nothing was booked, try again' },
    }
  }
  if (isInvalidValue(error)) {
    return { status: 400, body: { error: 'invalid-value', message: 'a text has a character in it that is none: NUL' } }
  }
  console.error(error)
  return { status: 500, body: { error: 'internal', message: 'something went wrong here' } }
}

export function toResult({ status, body, headers }: Answer): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode: status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body, bigintAsText),
  }
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
