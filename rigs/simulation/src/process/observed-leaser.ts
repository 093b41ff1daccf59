import type { AcquireOptions, Lease, Leaser } from '@sqlite-efs/lease'

/** A leaser whose leases are all heard of: by `granted`, as they are had. */
export function observedLeaser(leaser: Leaser, granted: (lease: Lease) => void): Leaser {
  const observed = (lease: Lease): Lease => {
    granted(lease)
    return {
      key: lease.key,
      token: lease.token,
      ttlMs: lease.ttlMs,
      signal: lease.signal,
      get waiting() {
        return lease.waiting
      },
      remainingMs: () => lease.remainingMs(),
      renew: () => lease.renew(),
      yield: async (options?: AcquireOptions) => observed(await lease.yield(options)),
      release: () => lease.release(),
      [Symbol.asyncDispose]: () => lease[Symbol.asyncDispose](),
    }
  }
  return {
    name: leaser.name,
    ttlMs: leaser.ttlMs,
    acquire: async (key, options) => observed(await leaser.acquire(key, options)),
    inspect: (key) => leaser.inspect(key),
    raise: (key, floor) => leaser.raise(key, floor),
    sweep: (key, ticket, options) => leaser.sweep(key, ticket, options),
    close: () => leaser.close(),
  }
}
