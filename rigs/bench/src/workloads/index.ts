import { adapterReads } from './adapter-reads.js'
import { clientReads, deferredReads } from './client-reads.js'
import { clientWrites } from './client-writes.js'
import { createsAsTheyAre, createsWithPersist, createsWithWal } from './creates.js'
import { writesAtOnce } from './writes-at-once.js'

/** What contestants do, each in a process of its own. */
export const workloads = {
  adapterReads,
  clientReads,
  deferredReads,
  clientWrites,
  createsAsTheyAre,
  createsWithPersist,
  createsWithWal,
  writesAtOnce,
} as const

export type WorkloadName = keyof typeof workloads
