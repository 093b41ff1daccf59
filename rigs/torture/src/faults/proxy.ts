import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Random } from '@sqlite-efs/toolkit/random'

/** What may befall a request on its way, and its answer. */
export type Fate =
  | 'pass'
  /** Either of them is held up. */
  | 'delay-request'
  | 'delay-answer'
  /** The connection is reset: before anything was sent on, in the middle of the request, or in place of the answer. */
  | 'reset-before'
  | 'reset-inside'
  | 'reset-answer'
  /** The connection is closed politely, in place of the answer. */
  | 'close-answer'
  /** Nothing comes back, though the request was carried out; or though it was not. */
  | 'swallow-answer'
  | 'swallow-request'
  /** The request arrives when nobody waits for it any more; or once more. */
  | 'late'
  | 'duplicate'

/** How often each befalls a request; what is left over passes. */
export interface Weather {
  name: string
  fates: Readonly<Partial<Record<Fate, number>>>
  maxDelayMs: number
  /** Whether new connections are refused. */
  refuses?: boolean
}

/** No faults at all. */
export const CALM: Weather = { name: 'calm', fates: {}, maxDelayMs: 0 }

/** A TCP proxy for HTTP/1.1 that harms what passes through it. */
export class FaultyProxy implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #random: Random
  readonly #targetPort: number
  readonly #lateMs: number
  /** What befell requests, by kind. */
  readonly counts: Partial<Record<Fate | 'refused', number>> = {}
  weather: Weather = CALM

  /**
   * @param targetPort where the requests go, on 127.0.0.1
   * @param lateMs how late a late request is, at the most
   */
  constructor(targetPort: number, lateMs: number, random: Random) {
    this.#targetPort = targetPort
    this.#lateMs = lateMs
    this.#random = random
    this.#server = createServer((client) => this.#serve(client))
  }

  /** Opens a free port on `host`. */
  async listen(host = '127.0.0.1'): Promise<number> {
    this.#server.listen(0, host)
    await once(this.#server, 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const timer of this.#timers) clearTimeout(timer)
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #serve(client: Socket): void {
    if (this.weather.refuses) {
      this.#count('refused')
      client.on('error', () => undefined).resetAndDestroy()
      return
    }
    const exchange = new Exchange(this.#track(client), this.#track(connect(this.#targetPort, '127.0.0.1')), {
      choose: () => this.#choose(),
      delayMs: () => this.#random.between(0, this.weather.maxDelayMs),
      later: (action, ms) => this.#later(action, ms),
      sendLate: (request) => this.#sendLate(request),
    })
    exchange.begin()
  }

  #choose(): Fate {
    const { fates } = this.weather
    const harmful = Object.values(fates).reduce((total, each) => total + each, 0)
    const fate = this.#random.weighted<Fate>({ pass: Math.max(0, 1 - harmful), ...fates } as Record<Fate, number>)
    this.#count(fate)
    return fate
  }

  #count(what: Fate | 'refused'): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1
  }

  #sendLate(request: readonly Buffer[]): void {
    this.#later(
      () => {
        const upstream = this.#track(connect(this.#targetPort, '127.0.0.1'))
        upstream.on('data', () => upstream.end())
        for (const chunk of request) upstream.write(chunk)
      },
      this.#random.between(0, this.#lateMs),
    )
  }

  #later(action: () => void, ms: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      action()
    }, ms)
    this.#timers.add(timer)
  }

  #track(socket: Socket): Socket {
    this.#sockets.add(socket)
    // What breaks a connection is what we are here for.
    return socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket))
  }
}

interface ExchangeContext {
  choose(): Fate
  delayMs(): number
  later(action: () => void, ms: number): void
  sendLate(request: readonly Buffer[]): void
}

/** One client's connection: requests and answers take turns on it. */
class Exchange {
  readonly #client: Socket
  readonly #upstream: Socket
  readonly #context: ExchangeContext
  #fate: Fate = 'pass'
  #delayMs = 0
  #request: Buffer[] = []

  constructor(client: Socket, upstream: Socket, context: ExchangeContext) {
    this.#client = client
    this.#upstream = upstream
    this.#context = context
  }

  begin(): void {
    this.#client.on('data', (chunk: Buffer) => this.#onRequest(chunk))
    this.#upstream.on('data', (chunk: Buffer) => this.#onAnswer(chunk))
    this.#client.on('close', () => this.#upstream.destroy())
    this.#upstream.on('close', () => {
      if (this.#fate !== 'swallow-answer' && this.#fate !== 'swallow-request') this.#client.destroy()
    })
  }

  #onRequest(chunk: Buffer): void {
    const isFirst = this.#request.length === 0
    this.#request.push(chunk)
    if (isFirst) {
      this.#fate = this.#context.choose()
      this.#delayMs = this.#context.delayMs()
      // Until now only its first part may be here.
      if (this.#fate === 'late' || this.#fate === 'duplicate') this.#context.sendLate(this.#request)
    }
    switch (this.#fate) {
      case 'delay-request':
        return this.#context.later(() => this.#upstream.write(chunk), this.#delayMs)
      case 'reset-before':
        return this.#reset()
      case 'reset-inside':
        this.#upstream.write(chunk.subarray(0, chunk.length / 2), () => this.#reset())
        return
      case 'swallow-request':
      case 'late':
        return
      default:
        this.#upstream.write(chunk)
    }
  }

  #onAnswer(chunk: Buffer): void {
    this.#request = []
    switch (this.#fate) {
      case 'delay-answer':
        return this.#context.later(() => this.#client.write(chunk), this.#delayMs)
      case 'reset-answer':
        return this.#reset()
      case 'close-answer':
        this.#client.end()
        return
      case 'swallow-answer':
        return
      default:
        this.#client.write(chunk)
    }
  }

  #reset(): void {
    this.#client.resetAndDestroy()
    this.#upstream.resetAndDestroy()
  }
}
