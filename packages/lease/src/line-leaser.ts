import { LeaseError } from './errors.js'
import { acquireLease, termsOf } from './held-lease.js'
import { stateOf } from './item.js'
import { foreignProtocol } from './joining.js'
import type { AcquireOptions, Lease, Leaser, LineState } from './lease.js'
import { Line } from './line.js'
import type { LineStore } from './line-store.js'
import { checkFloor, checkKey, type LeaserSettings } from './options.js'
import { GaveUp, Patience } from './patience.js'

/** The line over any store of its items. */
export class LineLeaser implements Leaser {
  readonly name: string
  readonly ttlMs: number
  readonly #line: Line

  constructor(store: LineStore, settings: LeaserSettings) {
    this.#line = new Line(store, settings)
    this.name = store.tableName === undefined ? 'this process' : `DynamoDB table ${store.tableName}`
    this.ttlMs = settings.ttlMs
  }

  async acquire(key: string, options: AcquireOptions = {}): Promise<Lease> {
    return acquireLease(this.#line, termsOf(this.#line, checkKey(key), options))
  }

  async inspect(key: string): Promise<LineState> {
    checkKey(key)
    return this.#persist(key, async () => {
      const item = await this.#line.lookConsistently(key)
      if (item.foreignLockId !== undefined) throw foreignProtocol(key, item.foreignLockId)
      return stateOf(key, item)
    })
  }

  async raise(key: string, floor: number): Promise<void> {
    checkKey(key)
    checkFloor(floor)
    await this.#persist(key, async () => {
      const answer = await this.#line.ask(() => this.#line.store.raise(key, floor))
      if (answer.done) return
      const { foreignLockId } = answer.item ?? (await this.#line.lookConsistently(key))
      if (foreignLockId !== undefined) throw foreignProtocol(key, foreignLockId)
    })
  }

  async #persist<T>(key: string, attempt: () => Promise<T>): Promise<T> {
    const { clock, timeoutMs } = this.#line.settings
    try {
      return await this.#line.persist(new Patience(clock, timeoutMs), attempt)
    } catch (error) {
      if (!(error instanceof GaveUp)) throw error
      throw new LeaseError('UNREACHABLE', `No answer about the lease on ${key} within ${timeoutMs} ms.`, { key })
    }
  }
}
