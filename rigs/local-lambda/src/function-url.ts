import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LocalLambdaError } from './errors.js'
import type { LocalFunction } from './local-function.js'
import { toAnswer, toEvent } from './payload-format.js'
import { refuse } from './refuse.js'
import { StreamedAnswer } from './streamed-answer.js'

/** Of a body, as the function gets it. (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html) */
const MAX_BODY_BYTES = 6 * 1024 * 1024

/** A function that listens. */
export interface FunctionUrl {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  /** Ends the server, and requests under way; not the function. */
  close(): Promise<void>
}

/**
 * Serves a function as a function URL without authentication does; what the handler streams is streamed on.
 * Whatever goes wrong in the function is 502 there, and a body that is larger than Lambda takes is 413.
 *
 * @param options - `port`: @default one that is free
 * @throws LocalLambdaError `CONFIGURATION` where the port is in use
 */
export async function serveFunctionUrl(fn: LocalFunction, options: { port?: number } = {}): Promise<FunctionUrl> {
  const server = createServer((request, response) => {
    handle(fn, request, response).catch(() => refuse(response))
  })
  const { port = 0 } = options
  server.listen(port, '127.0.0.1')
  await once(server, 'listening').catch((cause: Error) => {
    const message = `port is ${port}, and can't be listened on: ${cause.message}. Give another, or 0 for any free one`
    throw new LocalLambdaError('CONFIGURATION', message, {}, { cause })
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function handle(fn: LocalFunction, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // The client may be gone before its answer is there.
  response.on('error', () => undefined)
  const event = toEvent(request, await bodyOf(request), randomUUID())
  if (Buffer.byteLength(event.body ?? '') > MAX_BODY_BYTES) {
    response.writeHead(413, { 'content-type': 'application/json' }).end('{"message":"Request Entity Too Large"}')
    return
  }
  const streamed = new StreamedAnswer(response)
  const { payload, functionError, pieces, contentType } = await fn.invoke(event, {
    onPiece: (piece, contentType) => streamed.write(piece, contentType),
  })
  if (functionError) return refuse(response)
  if (pieces) return streamed.end(contentType)
  const { statusCode, headers, body } = toAnswer(payload)
  response.writeHead(statusCode, headers).end(body)
}

/** Of a body that is too large no more is kept than shows that. */
async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    if (bytes <= MAX_BODY_BYTES) pieces.push(piece)
    bytes += piece.length
  }
  return Buffer.concat(pieces)
}
