import type { AcquireOptions, Lease, Leaser } from '@sqlite-efs/lease'

/** Hears how far an acquisition is. */
export interface Acquisition {
  /** Ends each wait, and has each lease look lost: it is released, and nothing is committed under it any more. */
  signal: AbortSignal
  asked?(): void
  acquired?(): void
}

/**
 * A leaser whose waits end when the signal aborts, and whose leases end then, too. A lease that looks lost is the one way to stop a
 * writer before its COMMIT: it rolls back, and gives the lease back.
 */
export const interruptible = (leaser: Leaser, acquisition: Acquisition): Leaser =>
  withMembers(leaser, {
    acquire: (key, options) => acquire(acquisition, options, (bounded) => leaser.acquire(key, bounded)),
  })

async function acquire(
  acquisition: Acquisition,
  options: AcquireOptions = {},
  ask: (options: AcquireOptions) => Promise<Lease>,
): Promise<Lease> {
  const { signal } = acquisition
  acquisition.asked?.()
  const lease = await ask({ ...options, signal: options.signal ? AbortSignal.any([options.signal, signal]) : signal })
  acquisition.acquired?.()
  return withMembers(lease, {
    signal: AbortSignal.any([lease.signal, signal]),
    remainingMs: () => (signal.aborted ? 0 : lease.remainingMs()),
    renew: () => (signal.aborted ? Promise.reject(signal.reason as Error) : lease.renew()),
    yield: (next) => acquire(acquisition, next, (bounded) => lease.yield(bounded)),
  })
}

/** `target` with some members replaced; what the others are, and what they call `this`, stays. */
function withMembers<T extends object>(target: T, own: Partial<T>): T {
  return new Proxy(target, {
    get(_, name): unknown {
      if (Object.hasOwn(own, name)) return own[name as keyof T]
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
