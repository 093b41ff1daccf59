import { adapterReads } from './adapter-reads.js'
import { clientReads, deferredReads } from './client-reads.js'
import { clientWrites } from './client-writes.js'
import { writesAtOnce } from './writes-at-once.js'

/** What contestants do, each in a process of its own. */
export const workloads = { adapterReads, clientReads, deferredReads, clientWrites, writesAtOnce } as const

export type WorkloadName = keyof typeof workloads
