import type { ActorOptions, Reply, Requests, WireError } from './guest/protocol.js'
import type { Guest, GuestProcess } from './guest.js'

/** A request that an actor answered with an error. */
export class ActorError extends Error {
  readonly wire: WireError
  readonly ms: number

  constructor(wire: WireError, ms: number) {
    super(`${wire.name} ${wire.code} ${wire.extendedCode ?? ''}: ${wire.message}`)
    this.wire = wire
    this.ms = ms
  }
}

/** A process on a host that has the file open, at the other end of a line. */
export class Actor {
  readonly guest: Guest
  readonly process: GuestProcess
  /** The numbers of the transactions that it was told are done. */
  readonly acknowledged: number[] = []
  readonly #pending = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>()
  #nextId = 1
  /** Why there will be no more answers. */
  #over: Error | undefined

  private constructor(guest: Guest, process: GuestProcess, onReady: () => void) {
    this.guest = guest
    this.process = process
    process.onLine((line) => this.#hear(JSON.parse(line) as Reply, onReady))
    void process.ended.then((ending) => {
      const how = ending === 'lost' ? 'its host is gone' : `it ended with ${ending.signal ?? ending.code}`
      this.#over = new Error(`no answer: ${how}\n${process.errors}`)
      for (const { reject } of this.#pending.values()) reject(this.#over)
    })
  }

  /** Starts one; `environment` goes before the program's name. */
  static async start(guest: Guest, program: string, options: ActorOptions, environment: string): Promise<Actor> {
    const process = guest.start(`exec env ${environment} node ${program} '${JSON.stringify(options)}'`)
    return new Promise((resolve, reject) => {
      const actor: Actor = new Actor(guest, process, () => resolve(actor))
      void process.ended.then(() => reject(new Error(`an actor did not start: ${process.errors}`)))
    })
  }

  /** Asks for something. @throws ActorError with what it threw; Error when it died */
  async ask<What extends keyof Requests>(what: What, asks: Requests[What]['asks']): Promise<Requests[What]['answers']> {
    return (await this.timed(what, asks)).answer
  }

  /** As {@link Actor.ask}, with the time that it took by the actor's own clock. */
  async timed<What extends keyof Requests>(
    what: What,
    asks: Requests[What]['asks'],
  ): Promise<{ answer: Requests[What]['answers']; ms: number }> {
    if (this.#over) throw this.#over
    const id = this.#nextId++
    const reply = await new Promise<Reply>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      this.process.write(JSON.stringify({ id, what, with: asks }))
    })
    this.#pending.delete(id)
    if ('error' in reply) throw new ActorError(reply.error, reply.ms)
    if (!('answer' in reply)) throw new Error('that is no answer')
    if (what === 'add') this.acknowledged.push(reply.answer as number)
    return { answer: reply.answer as Requests[What]['answers'], ms: reply.ms }
  }

  async kill(): Promise<void> {
    await this.process.kill('KILL')
  }

  #hear(reply: Reply, onReady: () => void): void {
    if ('ready' in reply) onReady()
    else if ('acknowledged' in reply) this.acknowledged.push(reply.acknowledged)
    else this.#pending.get(reply.id)?.resolve(reply)
  }
}
