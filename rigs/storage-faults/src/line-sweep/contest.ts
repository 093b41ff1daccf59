import { EventEmitter, once } from 'node:events'
import { type AcquireOptions, type Lease, LeaseError, LocalLeaser } from '@sqlite-efs/lease'

export const KEY = 'database#/srv/app.db'
export const TTL_MS = 1_000
const MAX_CLOCK_SKEW_MS = 50
/** Within so long any dead holder is replaced, on a busy machine too. */
export const PATIENT_MS = TTL_MS + MAX_CLOCK_SKEW_MS + 4_000

export type Name = 'a' | 'b'

/** Two contenders of one process for one lease, and what must hold of the leases that they acquire. */
export class Contest {
  readonly #leasers: Record<Name, LocalLeaser>
  readonly #events = new EventEmitter()
  readonly #held = new Set<Lease>()
  /** The highest token that was ever acquired. */
  newest: number
  /** What the callers were told, but for "done". */
  readonly told: string[] = []
  readonly wrong: string[] = []

  constructor(directory: string, newest: number) {
    this.newest = newest
    const leaser = (name: Name) =>
      new LocalLeaser({
        directory,
        owner: name,
        ttlMs: TTL_MS,
        maxClockSkewMs: MAX_CLOCK_SKEW_MS,
        requestTimeoutMs: 100,
        timeoutMs: PATIENT_MS,
        onEvent: ({ type }) => void this.#events.emit(`${name} ${type}`),
      })
    this.#leasers = { a: leaser('a'), b: leaser('b') }
  }

  acquire(name: Name, options: AcquireOptions = {}): Promise<Lease | undefined> {
    return this.#attempt('acquire', async () => this.#took(await this.#leasers[name].acquire(KEY, options)))
  }

  /** Acquires behind a holder: resolves once it stands in line, or its wait has ended. */
  async queue(name: Name, options?: AcquireOptions): Promise<{ ended: Promise<Lease | undefined> }> {
    const ending = new AbortController()
    const waits = once(this.#events, `${name} waiting`, { signal: ending.signal }).catch(() => {})
    const ended = this.acquire(name, options).finally(() => ending.abort())
    await waits
    return { ended }
  }

  renew(lease: Lease | undefined): Promise<unknown> {
    return this.#attempt('renew', async () => lease?.renew())
  }

  yield(lease: Lease | undefined): Promise<Lease | undefined> {
    if (!lease) return Promise.resolve(undefined)
    this.#held.delete(lease)
    return this.#attempt('yield', async () => this.#took(await lease.yield({ timeoutMs: PATIENT_MS })))
  }

  async release(lease: Lease | undefined): Promise<void> {
    if (!lease) return
    this.#held.delete(lease)
    await this.#attempt('release', () => lease.release())
  }

  /** Looks at the line: a holder must be at its head. */
  async look(): Promise<readonly { ticket: number; aliveUntilMs: number }[]> {
    const state = await this.#attempt('inspect', () => this.#leasers.a.inspect(KEY))
    if (!state) return []
    const holder = [...this.#held].find((lease) => lease.remainingMs() > 0)
    const head = state.contenders[0]?.ticket
    if (holder && head !== holder.token)
      this.wrong.push(`a look shows ${head} at the head, and ${holder.token} holds it`)
    return state.contenders
  }

  async raise(floor: number): Promise<void> {
    await this.#attempt('raise', async () => {
      await this.#leasers.a.raise(KEY, floor)
      this.newest = Math.max(this.newest, floor)
    })
  }

  async sweep(ticket: number): Promise<void> {
    await this.#attempt('sweep', () => this.#leasers.a.sweep(KEY, ticket, { force: true }))
  }

  #took(lease: Lease): Lease {
    for (const other of this.#held) {
      if (other.remainingMs() > 0) this.wrong.push(`${other.token} and ${lease.token} hold it at once`)
    }
    if (lease.token <= this.newest) this.wrong.push(`token ${lease.token} after ${this.newest}`)
    this.newest = Math.max(this.newest, lease.token)
    this.#held.add(lease)
    return lease
  }

  async #attempt<T>(what: string, action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action()
    } catch (error) {
      const text = `${what}: ${(error as Error).name} ${(error as { code?: string }).code}: ${(error as Error).message}`
      this.told.push(text)
      if (!(error instanceof LeaseError)) this.wrong.push(`UNTYPED ${text}`)
      return undefined
    }
  }
}
