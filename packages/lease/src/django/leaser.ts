import type { AcquireOptions, Contender, Lease, Leaser, LineState, SweepOptions } from '../contract/lease.js'
import { check, checkKey, checkOptions, checkTicket, type LeaserOptions } from '../contract/options.js'
import type { DynamoDBClient, DynamoDBRequests } from '../dynamodb/client.js'
import { requestsTo } from '../dynamodb/table-requests.js'
import type { ContenderTerms } from '../line/contender.js'
import { HeldLease, termsOf } from '../line/held-lease.js'
import { LineClient } from '../line/line-client.js'
import { stateOf } from '../line/line-item.js'
import { persistBriefly, sweepContender } from '../line/sweep.js'
import { DjangoContender, type DjangoContest } from './contender.js'
import { DjangoLockStore } from './lock-store.js'
import { DjangoTokens } from './tokens.js'

/** What a {@link DjangoCompatibleLeaser} may be told. */
export interface DjangoCompatibleLeaserOptions extends LeaserOptions {
  /** The table that django-sqlite-efs uses, by name or ARN. Its key is `pk`, a string. */
  tableName: string
  /**
   * A client of one's own. Each of its requests is cut off after `requestTimeoutMs`; retries of its own are allowed
   * within that.
   *
   * @default one whose region and credentials come from the environment, with short timeouts and no retries
   */
  client?: DynamoDBClient
  /**
   * How often an acquisition asks at the most, within `timeoutMs`; a whole number, 1 or more. django-sqlite-efs has 10.
   *
   * @default as often as `timeoutMs` allows
   */
  maxAttempts?: number
}

/**
 * Leases by the protocol of django-sqlite-efs (https://pypi.org/project/django-sqlite-efs/), so that a Django application
 * and a Prisma one share a file: the item `{ pk, lock_id, expires_at }` is put where there is none, or where it has
 * expired, and deleted at the end.
 *
 * Guaranteed, with wall clocks that are within `maxClockSkewMs` of each other: no two holders at once. A holder counts its lease
 * as over `maxClockSkewMs` before `expires_at`, by the stricter of two clocks; who takes one over waits until that much
 * after `expires_at` (so a dead holder is replaced `ttlMs` + 2 x `maxClockSkewMs` after its last sign of life). Lost and
 * repeated messages do no harm; every request and every wait is bounded.
 *
 * Not guaranteed, since the protocol has no place for it:
 *
 * - Fairness. Everybody asks again after a random pause, and whoever asks at the right moment is next.
 * - That every later holder has a larger token. It is the time in tenths of a second, or one more than this process had
 *   before. Two processes that hold the lease one after the other within a tenth of a second may have the same, and a clock
 *   that is behind, a smaller one. What follows in a file with a fence: a smaller token is refused there, lifted by
 *   {@link Leaser.raise}, and the order stays that of the file; an equal one is let through, so the fence does not stop a
 *   paused holder of the one process from writing after that of the other.
 * - Anything about a Django writer that goes on beyond its `expires_at`: it has no guard before COMMIT, and no fence.
 */
export class DjangoCompatibleLeaser implements Leaser {
  readonly name: string
  readonly ttlMs: number
  readonly #contest: DjangoContest
  readonly #requests: DynamoDBRequests

  /** @throws LeaseError `CONFIGURATION`, naming the option and its value */
  constructor(options: DjangoCompatibleLeaserOptions) {
    const settings = checkOptions(options)
    const maxAttempts = check.whole('maxAttempts', options.maxAttempts, { from: 1 }) ?? Number.POSITIVE_INFINITY
    this.#requests = requestsTo(options.tableName, { ...settings, client: options.client })
    const store = new DjangoLockStore(this.#requests, settings.maxClockSkewMs)
    this.#contest = { line: new LineClient(store, settings), tokens: new DjangoTokens(settings.clock), maxAttempts }
    this.name = `DynamoDB table ${options.tableName}, by django-sqlite-efs' protocol`
    this.ttlMs = settings.ttlMs
  }

  async acquire(key: string, options: AcquireOptions = {}): Promise<Lease> {
    return this.#acquire(termsOf(this.#contest.line, checkKey(key), options))
  }

  /** Who holds it, with its `lock_id` as `owner`; others who ask are not seen. `ticket` is the highest token of this process. */
  async inspect(key: string): Promise<LineState> {
    const { line, tokens } = this.#contest
    checkKey(key)
    const item = await persistBriefly(line, key, () => line.lookConsistently(key))
    return { ...stateOf(key, item), ticket: tokens.highest(key) }
  }

  /** For this process: the item has no place for it. Asks nobody. */
  async raise(key: string, floor: number): Promise<void> {
    this.#contest.tokens.raise(checkKey(key), checkTicket('floor', floor))
  }

  /** As {@link Leaser.sweep}. The ticket of a lock that Django took is the first 48 bits of its `lock_id`. */
  async sweep(key: string, ticket: number, options: SweepOptions = {}): Promise<Contender> {
    return sweepContender(this.#contest.line, { key: checkKey(key), ticket: checkTicket('ticket', ticket), ...options })
  }

  /** Leaves a client that was given to it alone: that is its owner's. */
  close(): Promise<void> {
    return this.#requests.closeIdle()
  }

  async #acquire(terms: ContenderTerms): Promise<Lease> {
    const place = await new DjangoContender(this.#contest, terms).acquire()
    const again = (next: ContenderTerms) => this.#acquire(next)
    // A late duplicate of the request that took the lock may put the same lock_id in place again, after another holder: here an
    // entry that is there does not show that it was there all the time.
    return HeldLease.of(this.#contest.line, place, { owner: terms.owner, waiting: 0, again, expiryIsFinal: true })
  }
}
