import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'

/** What a route answers; `body` may hold what Prisma gives: dates become ISO text, and BigInts decimal text. */
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

  get answer(): Answer {
    return { status: this.status, body: { error: this.error, message: this.message, details: this.details } }
  }
}

export function toResult({ status, body, headers }: Answer): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode: status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(body, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)),
  }
}
