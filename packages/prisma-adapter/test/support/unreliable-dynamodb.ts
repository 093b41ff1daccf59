import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { type LocalDynamoDB, startDynamoDB } from '@sqlite-efs/toolkit'

/** What becomes of a request. */
export type Fate =
  | 'served'
  /** Nobody listens. */
  | 'refused'
  /** A black hole: it never arrives. */
  | 'swallowed'
  /** It arrives, but its answer does not. */
  | 'unanswered'
  | 'throttled'
  /** DynamoDB itself has an outage: HTTP 500. */
  | 'failed'
  | 'slow'

const SLOW_MS = 50

/** The DynamoDB API behind a proxy that does what networks and DynamoDB itself do at times. */
export class UnreliableDynamoDB implements AsyncDisposable {
  /** Asked for each request, which it numbers. */
  fate: (request: number) => Fate = () => 'served'
  readonly #dynamodb: LocalDynamoDB
  readonly #server: Server
  readonly #underWay = new Set<Promise<unknown>>()
  #requests = 0
  #port = 0

  private constructor(dynamodb: LocalDynamoDB) {
    this.#dynamodb = dynamodb
    this.#server = createServer((incoming, outgoing) => void this.#handle(incoming, outgoing))
  }

  static async start(): Promise<UnreliableDynamoDB> {
    const unreliable = new UnreliableDynamoDB(await startDynamoDB())
    await unreliable.#listen()
    return unreliable
  }

  get config(): LocalDynamoDB['config'] {
    return { ...this.#dynamodb.config, endpoint: `http://127.0.0.1:${this.#port}` }
  }

  /** From now on every request has this fate. */
  async become(fate: Fate): Promise<void> {
    this.fate = () => fate
    if (fate === 'refused') await this.#stop()
    else if (!this.#server.listening) await this.#listen()
  }

  /** How many are open. */
  connections(): Promise<number> {
    return promisify<number>((callback) => this.#server.getConnections(callback))()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.#stop()
    // dynalite throws where it is closed in the middle of one.
    await Promise.allSettled(this.#underWay)
    await this.#dynamodb.close()
  }

  /** On the same port as before, if there was one. */
  async #listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async #stop(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    outgoing.on('error', () => undefined)
    const fate = this.fate(this.#requests++)
    if (fate === 'throttled') return refuse(outgoing, 400, 'ProvisionedThroughputExceededException')
    if (fate === 'failed') return refuse(outgoing, 500, 'InternalServerError')
    if (fate === 'swallowed') return
    const body: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => body.push(chunk))
    await once(incoming, 'end')
    const { method, url, headers } = incoming
    const onward = request(new URL(url ?? '/', this.#dynamodb.config.endpoint), { method, headers }, (answer) => {
      if (fate === 'unanswered') return void answer.resume()
      const pass = () => answer.pipe(outgoing.writeHead(answer.statusCode ?? 500, answer.headers))
      if (fate === 'slow') setTimeout(pass, SLOW_MS)
      else pass()
    })
    onward.on('error', () => outgoing.destroy())
    onward.end(Buffer.concat(body))
    const over = once(onward, 'close')
    this.#underWay.add(over)
    over.finally(() => this.#underWay.delete(over)).catch(() => undefined)
  }
}

/** As DynamoDB answers an error. */
function refuse(outgoing: ServerResponse, status: number, type: string): void {
  outgoing.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' })
  outgoing.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: 'as a test wants it' }))
}
