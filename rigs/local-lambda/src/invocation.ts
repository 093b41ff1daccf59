import { randomUUID } from 'node:crypto'
import type { ErrorPayload, LocalLambdaError } from './errors.js'

/** What an invocation led to. */
export interface Invoked {
  /** `context.awsRequestId` of the handler. */
  readonly requestId: string
  /**
   * What the handler returned; with `functionError` what it threw, as `{ errorType, errorMessage, trace }`.
   * Undefined where the response was streamed without an error.
   */
  readonly payload: unknown
  /** The pieces of a streamed response, as they came; undefined where it was not streamed. */
  readonly pieces: readonly Buffer[] | undefined
  /** The content type of a streamed response. */
  readonly contentType: string | undefined
  /** `X-Amz-Function-Error`: the handler threw. */
  readonly functionError: 'Unhandled' | undefined
  /** The process of the environment. */
  readonly pid: number
  /** From the moment when the runtime got it to the end of the response, in milliseconds: without the wait for an environment, or its start. */
  readonly tookMs: number
  /** Whether its environment was started for it. */
  readonly coldStart: boolean
}

/** How an invocation is watched while it is under way. */
export interface InvokeOptions {
  /** Gets each piece of a streamed response when it comes. */
  onPiece?: (piece: Buffer, contentType: string) => void
}

/** One event on its way through an environment. */
export class Invocation {
  readonly requestId = randomUUID()
  /** The event, as JSON. */
  readonly body: string
  readonly done: Promise<Invoked>
  readonly #onPiece: InvokeOptions['onPiece']
  readonly #pieces: Buffer[] = []
  #settle: { resolve(invoked: Invoked): void; reject(error: LocalLambdaError): void } | undefined
  #started: { pid: number; atMs: number; coldStart: boolean } = { pid: 0, atMs: 0, coldStart: true }
  #outcome: Invoked | undefined

  constructor(event: unknown, { onPiece }: InvokeOptions) {
    this.body = JSON.stringify(event ?? null)
    this.#onPiece = onPiece
    this.done = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
  }

  get isAnswered(): boolean {
    return this.#outcome !== undefined
  }

  /** The runtime gets it now. */
  start(pid: number, coldStart: boolean): void {
    this.#started = { pid, atMs: performance.now(), coldStart }
  }

  stream(piece: Buffer, contentType: string): void {
    this.#pieces.push(piece)
    if (this.#settle) this.#onPiece?.(piece, contentType)
  }

  endStream(contentType: string, error: ErrorPayload | undefined): void {
    this.#end({ payload: error, functionError: error && 'Unhandled', pieces: this.#pieces, contentType })
  }

  respond(payload: unknown): void {
    this.#end({ payload, functionError: undefined, pieces: undefined, contentType: undefined })
  }

  fail(payload: ErrorPayload): void {
    this.#end({ payload, functionError: 'Unhandled', pieces: undefined, contentType: undefined })
  }

  /** The caller hears what the runtime answered. */
  settle(): void {
    if (this.#outcome) this.#settle?.resolve(this.#outcome)
    this.#settle = undefined
  }

  /** The caller hears of the error, unless the runtime has answered before. */
  reject(error: LocalLambdaError): void {
    if (!this.#outcome) this.#settle?.reject(error)
    this.settle()
  }

  #end(outcome: Pick<Invoked, 'payload' | 'functionError' | 'pieces' | 'contentType'>): void {
    const { pid, atMs, coldStart } = this.#started
    this.#outcome ??= { requestId: this.requestId, ...outcome, pid, tookMs: performance.now() - atMs, coldStart }
  }
}
