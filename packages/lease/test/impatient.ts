import type { QueuedAcquireOptions } from '../src/internal.js'

/** A caller that waits as long as it takes to be asked `times` times, some looks long, and then no longer. */
export function impatient(times = 40): QueuedAcquireOptions {
  let asked = 0
  return { remainingMs: () => (++asked < times ? 5000 : 0) }
}
