import type { ServerResponse } from 'node:http'
import { toHead } from './payload-format.js'
import { refuse } from './refuse.js'

/** Status and headers come first, as JSON, where a stream has this type; eight zero bytes end them. */
const WITH_PRELUDE = 'application/vnd.awslambda.http-integration-response'
const DELIMITER = Buffer.alloc(8)

/** Hands the pieces of a streamed response on as they come. */
export class StreamedAnswer {
  readonly #response: ServerResponse
  #prelude: Buffer = Buffer.alloc(0)

  constructor(response: ServerResponse) {
    this.#response = response
  }

  write(piece: Buffer, contentType: string): void {
    if (this.#response.writableEnded) return
    if (this.#response.headersSent) this.#response.write(piece)
    else if (contentType === WITH_PRELUDE) this.#writePrelude(piece)
    else this.#response.writeHead(200, { 'content-type': contentType }).write(piece)
  }

  end(contentType = ''): void {
    if (!this.#response.headersSent && contentType === WITH_PRELUDE) refuse(this.#response)
    else this.#response.end()
  }

  #writePrelude(piece: Buffer): void {
    this.#prelude = Buffer.concat([this.#prelude, piece])
    const end = this.#prelude.indexOf(DELIMITER)
    if (end < 0) return
    try {
      const { statusCode, headers } = toHead(JSON.parse(this.#prelude.subarray(0, end).toString()) as object)
      this.#response.writeHead(statusCode, headers)
    } catch {
      return refuse(this.#response)
    }
    this.#response.flushHeaders()
    const rest = this.#prelude.subarray(end + DELIMITER.length)
    if (rest.length > 0) this.#response.write(rest)
  }
}
