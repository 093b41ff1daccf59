import type {
  AcquireOptions,
  Contender,
  Lease,
  Leaser,
  LineState,
  QueuedAcquireOptions,
  SweepOptions,
} from '../contract/lease.js'
import { checkKey, checkTicket, type LeaserSettings } from '../contract/options.js'
import { acquireLease, termsOf } from './held-lease.js'
import { foreignProtocol } from './join-request.js'
import { LineClient } from './line-client.js'
import { stateOf } from './line-item.js'
import type { LineStore, PlaceStore } from './line-store.js'
import { persistBriefly, sweepContender } from './sweep.js'

/** The line over any store of its items. Keeps nothing open itself: its owner closes the store. */
export class LineLeaser implements Leaser {
  readonly name: string
  readonly ttlMs: number
  readonly #line: LineClient

  constructor(store: LineStore, settings: LeaserSettings) {
    this.#line = new LineClient(store, settings)
    this.name = nameOf(store)
    this.ttlMs = settings.ttlMs
  }

  async acquire(key: string, options: AcquireOptions | QueuedAcquireOptions = {}): Promise<Lease> {
    return acquireLease(this.#line, termsOf(this.#line, checkKey(key), options))
  }

  async inspect(key: string): Promise<LineState> {
    checkKey(key)
    return persistBriefly(this.#line, key, async () => {
      const item = await this.#line.lookConsistently(key)
      if (item.foreignLockId !== undefined) throw foreignProtocol(key, item.foreignLockId)
      return stateOf(key, item)
    })
  }

  async raise(key: string, floor: number): Promise<void> {
    checkKey(key)
    checkTicket('floor', floor)
    await persistBriefly(this.#line, key, async () => {
      const answer = await this.#line.ask(() => this.#line.store.raise(key, floor))
      if (answer.done) return
      const { foreignLockId } = answer.item ?? (await this.#line.lookConsistently(key))
      if (foreignLockId !== undefined) throw foreignProtocol(key, foreignLockId)
    })
  }

  async sweep(key: string, ticket: number, options: SweepOptions = {}): Promise<Contender> {
    checkKey(key)
    return sweepContender(this.#line, { key, ticket: checkTicket('ticket', ticket), ...options }, (item) => {
      if (item.foreignLockId !== undefined) throw foreignProtocol(key, item.foreignLockId)
    })
  }

  async close(): Promise<void> {}
}

function nameOf({ tableName, directory }: PlaceStore): string {
  if (tableName !== undefined) return `DynamoDB table ${tableName}`
  return directory === undefined ? 'this process' : `files in ${directory}`
}
