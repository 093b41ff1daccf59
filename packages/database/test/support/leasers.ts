import type { AcquireOptions, Lease, Leaser, SweepOptions } from '@sqlite-efs/lease'
import { LocalLeaser } from '@sqlite-efs/lease'
import { ManualClock } from './manual-clock.js'

/** Proves that something needs no lease. */
export function leaserThatIsNeverAsked(): Leaser {
  const never = () => Promise.reject(new Error('the lease was asked for'))
  return {
    name: 'nobody',
    ttlMs: 6_000,
    acquire: never,
    inspect: never,
    raise: never,
    sweep: never,
    close: async () => {},
  }
}

/** Has another process take the lease over, and give it back, before the next renewal of it arrives. */
export function isTakenOverBeforeItsRenewal(lease: Lease): void {
  const { renew } = lease
  const stranger = new LocalLeaser({ clock: new ManualClock(Date.now() + 600_000) })
  lease.renew = async () => {
    await (await stranger.acquire(lease.key)).release()
    await renew()
  }
}

/** A leaser that shows what is done with it. */
export class WatchedLeaser implements Leaser {
  readonly name: string
  readonly ttlMs: number
  readonly log: string[] = []
  /** The lease that was had last. */
  lease: Lease | undefined
  /** Called after each lease is had, before its user hears of it. */
  onLease: (lease: Lease) => void = () => {}
  readonly #leaser: Leaser

  constructor(leaser: Leaser = new LocalLeaser()) {
    this.#leaser = leaser
    this.name = leaser.name
    this.ttlMs = leaser.ttlMs
  }

  async acquire(key: string, options?: AcquireOptions): Promise<Lease> {
    this.log.push('acquire')
    return this.#watched(await this.#leaser.acquire(key, options))
  }

  inspect(key: string) {
    return this.#leaser.inspect(key)
  }

  raise(key: string, floor: number) {
    this.log.push('raise')
    return this.#leaser.raise(key, floor)
  }

  sweep(key: string, ticket: number, options?: SweepOptions) {
    return this.#leaser.sweep(key, ticket, options)
  }

  close() {
    return this.#leaser.close()
  }

  #watched(lease: Lease): Lease {
    const { log } = this
    const watched: Lease = {
      key: lease.key,
      token: lease.token,
      ttlMs: lease.ttlMs,
      signal: lease.signal,
      get waiting() {
        return lease.waiting
      },
      remainingMs: () => lease.remainingMs(),
      renew: () => {
        log.push('renew')
        return lease.renew()
      },
      yield: async (options) => {
        log.push('yield')
        return this.#watched(await lease.yield(options))
      },
      release: async () => {
        await lease.release()
        log.push('release')
      },
      [Symbol.asyncDispose]: () => watched.release(),
    }
    this.lease = watched
    this.onLease(watched)
    return watched
  }
}
