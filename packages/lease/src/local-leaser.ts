import type { LineItem } from './item.js'
import type { AcquireOptions, Lease, Leaser, LineState } from './lease.js'
import { LineLeaser } from './line-leaser.js'
import { MemoryLineStore } from './memory-line-store.js'
import { checkOptions, type LeaserOptions } from './options.js'

/** Shared by all leasers of the process, so that two of them exclude each other and tokens only grow. */
const items = new Map<string, LineItem>()

/**
 * The same line in the memory of one process, for development and tests. It excludes nobody outside this process: use
 * it only where nothing else writes.
 */
export class LocalLeaser implements Leaser {
  readonly name: string
  readonly ttlMs: number
  readonly #line: LineLeaser

  /** @throws LeaseError `CONFIGURATION`, naming the option and its value */
  constructor(options: LeaserOptions = {}) {
    const settings = checkOptions(options)
    this.#line = new LineLeaser(new MemoryLineStore(items), settings)
    this.name = this.#line.name
    this.ttlMs = settings.ttlMs
  }

  acquire(key: string, options?: AcquireOptions): Promise<Lease> {
    return this.#line.acquire(key, options)
  }

  inspect(key: string): Promise<LineState> {
    return this.#line.inspect(key)
  }

  raise(key: string, floor: number): Promise<void> {
    return this.#line.raise(key, floor)
  }
}
