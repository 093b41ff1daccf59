import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { ErrorPayload } from './errors.js'

const VERSION = '/2018-06-01/runtime'
/** Of a response that is not streamed. (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html) */
const MAX_RESPONSE_BYTES = 6 * 1024 * 1024 + 100

/** What the runtime is given to do. */
export interface Assignment {
  requestId: string
  /** The event, as JSON. */
  body: string
  /** When the invocation has to be done, in epoch milliseconds. */
  deadlineMs: number
  functionArn: string
}

/** The runtime asks for its next invocation, and waits. */
export interface Question {
  answer(assignment: Assignment): void
}

/** What the runtime does, as its environment hears of it. */
export interface RuntimeListener {
  asked(question: Question): void
  /** Who asked has gone without an answer. */
  withdrew(question: Question): void
  initFailed(error: ErrorPayload): void
  /** Whether there is such an invocation under way. */
  knows(requestId: string): boolean
  responded(requestId: string, body: string): void
  failed(requestId: string, error: ErrorPayload): void
  /** A piece of a streamed response has come. */
  streamed(requestId: string, piece: Buffer, contentType: string): void
  /** A streamed response is at its end, with the error that ended it if there was one. */
  streamEnded(requestId: string, contentType: string, error: ErrorPayload | undefined): void
}

/** The Runtime API of one environment (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). */
export class RuntimeApi {
  readonly #listener: RuntimeListener
  // A runtime that is frozen in the middle of a request takes as long as it takes.
  readonly #server = createServer({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 })

  constructor(listener: RuntimeListener) {
    this.#listener = listener
    this.#server.on('request', (request, response) => {
      response.on('error', () => undefined)
      // A runtime that is killed in the middle of its request: its environment hears of that.
      this.#handle(request, response).catch(() => response.destroy())
    })
  }

  /** @returns `AWS_LAMBDA_RUNTIME_API`: host and port */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '' } = request
    if (method === 'GET' && url === `${VERSION}/invocation/next`) return this.#next(response)
    if (method === 'POST' && url === `${VERSION}/init/error`) {
      this.#listener.initFailed(toErrorPayload(await buffer(request)))
      return answer(response, 202, { status: 'OK' })
    }
    const [, id = '', action] = /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/.exec(url) ?? []
    if (method !== 'POST' || action === undefined) return refuse(response, 404, 'NotFound', `${method} ${url}`)
    const requestId = decodeURIComponent(id)
    if (!this.#listener.knows(requestId)) {
      request.resume()
      return refuse(response, 400, 'InvalidRequestID', `no invocation ${requestId} is under way`)
    }
    if (action === 'error') this.#listener.failed(requestId, toErrorPayload(await buffer(request)))
    else if (request.headers['lambda-runtime-function-response-mode'] === 'streaming')
      await this.#stream(requestId, request)
    else if (!(await this.#respond(requestId, request))) return refuse(response, 413, ...TOO_LARGE)
    answer(response, 202, { status: 'OK' })
  }

  #next(response: ServerResponse): void {
    const question: Question = {
      answer: ({ requestId, body, deadlineMs, functionArn }) => {
        response.writeHead(200, {
          'content-type': 'application/json',
          'lambda-runtime-aws-request-id': requestId,
          'lambda-runtime-deadline-ms': String(deadlineMs),
          'lambda-runtime-invoked-function-arn': functionArn,
          'lambda-runtime-trace-id': traceId(requestId, deadlineMs),
        })
        response.end(body)
      },
    }
    response.on('close', () => {
      if (!response.writableFinished) this.#listener.withdrew(question)
    })
    this.#listener.asked(question)
  }

  /** @returns whether it is small enough */
  async #respond(requestId: string, request: IncomingMessage): Promise<boolean> {
    const body = await buffer(request)
    const isSmall = body.length <= MAX_RESPONSE_BYTES
    if (isSmall) this.#listener.responded(requestId, body.toString())
    else this.#listener.failed(requestId, { errorType: TOO_LARGE[0], errorMessage: TOO_LARGE[1] })
    return isSmall
  }

  async #stream(requestId: string, request: IncomingMessage): Promise<void> {
    const contentType = request.headers['content-type'] ?? 'application/octet-stream'
    for await (const piece of request) this.#listener.streamed(requestId, piece as Buffer, contentType)
    // Known once the body has come: a stream's error follows it.
    const errorType = request.trailers['lambda-runtime-function-error-type']
    const errorBody = request.trailers['lambda-runtime-function-error-body'] ?? ''
    const error = errorType === undefined ? undefined : toErrorPayload(Buffer.from(errorBody, 'base64'))
    this.#listener.streamEnded(requestId, contentType, error)
  }
}

const TOO_LARGE = [
  'Function.ResponseSizeTooLarge',
  `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`,
] as const

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function refuse(response: ServerResponse, status: number, errorType: string, errorMessage: string): void {
  answer(response, status, { errorType, errorMessage })
}

function toErrorPayload(body: Buffer): ErrorPayload {
  try {
    return JSON.parse(body.toString()) as ErrorPayload
  } catch {
    return { errorType: 'Runtime.Unknown', errorMessage: body.toString() }
  }
}

/** In the format of X-Ray, not sampled. */
function traceId(requestId: string, deadlineMs: number): string {
  const hex = requestId.replaceAll('-', '')
  const seconds = Math.floor(deadlineMs / 1000).toString(16)
  return `Root=1-${seconds}-${hex.slice(0, 24)};Parent=${hex.slice(16)};Sampled=0`
}
