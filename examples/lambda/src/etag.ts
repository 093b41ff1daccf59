import { createHash } from 'node:crypto'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import type { Answer } from './answer.js'

/** Answers 200 with `body` and its ETag, or 304 with nothing where the client has it already (RFC 9110, section 13.1.2). */
export function unlessUnchanged({ headers }: APIGatewayProxyEventV2, body: unknown): Answer {
  const text = JSON.stringify(body)
  const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`
  const known = headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  const unchanged = known?.some((tag) => tag === etag || tag === '*') ?? false
  return {
    status: unchanged ? 304 : 200,
    headers: { etag, 'cache-control': 'no-cache' },
    body: unchanged ? '' : text,
  }
}
