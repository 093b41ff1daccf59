import type { AcquireOptions, Contender, Lease, Leaser, LineState, SweepOptions } from '../contract/lease.js'
import { checkOptions, type LeaserOptions } from '../contract/options.js'
import { LineLeaser } from '../line/line-leaser.js'
import type { DynamoDBClient, DynamoDBRequests } from './client.js'
import { DynamoDBLineStore } from './line-store.js'
import { requestsTo } from './table-requests.js'

/** What a {@link DynamoDBLeaser} may be told. */
export interface DynamoDBLeaserOptions extends LeaserOptions {
  /** The table, by name or ARN. Its key is `pk`, a string: see {@link createLeaseTable}. */
  tableName: string
  /**
   * A client of one's own. Each of its requests is cut off after `requestTimeoutMs`; retries of its own are allowed
   * within that.
   *
   * @default one whose region and credentials come from the environment, with short timeouts and no retries
   */
  client?: DynamoDBClient
}

/**
 * Leases from a fair line on one DynamoDB item per key: tickets are served in the order in which they were handed out,
 * and the holder's ticket is its fencing token. Uncontended, an acquisition is one request and a release is one.
 *
 * With wall clocks that are within `maxClockSkewMs` of each other no two holders of one key have their lease at once.
 * A holder that is paused between looking at `remainingMs()` and acting is not stopped by this class: compare the token
 * where the write lands.
 */
export class DynamoDBLeaser implements Leaser {
  readonly name: string
  readonly ttlMs: number
  readonly #line: LineLeaser
  readonly #requests: DynamoDBRequests

  /** @throws LeaseError `CONFIGURATION`, naming the option and its value */
  constructor(options: DynamoDBLeaserOptions) {
    const settings = checkOptions(options)
    this.#requests = requestsTo(options.tableName, { ...settings, client: options.client })
    this.#line = new LineLeaser(new DynamoDBLineStore(this.#requests), settings)
    this.name = this.#line.name
    this.ttlMs = settings.ttlMs
  }

  acquire(key: string, options?: AcquireOptions): Promise<Lease> {
    this.#requests.keepOpen()
    return this.#line.acquire(key, options)
  }

  inspect(key: string): Promise<LineState> {
    this.#requests.keepOpen()
    return this.#line.inspect(key)
  }

  raise(key: string, floor: number): Promise<void> {
    this.#requests.keepOpen()
    return this.#line.raise(key, floor)
  }

  sweep(key: string, ticket: number, options?: SweepOptions): Promise<Contender> {
    return this.#line.sweep(key, ticket, options)
  }

  /** Leaves a client that was given to it alone: that is its owner's. */
  close(): Promise<void> {
    return this.#requests.closeIdle()
  }
}
