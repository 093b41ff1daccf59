import type { Bench } from './report/table.js'
import { adapterReads } from './tables/adapter-reads.js'
import { clientReads } from './tables/client-reads.js'
import { clientWrites } from './tables/client-writes.js'
import { coldStart } from './tables/cold-start.js'
import { growth } from './tables/growth.js'
import { journals } from './tables/journals.js'
import { leaseCalls } from './tables/lease-calls.js'
import { leaseContention } from './tables/lease-contention.js'
import { leaseTakeover } from './tables/lease-takeover.js'
import { leaseWaiters } from './tables/lease-waiters.js'
import { writesAtOnce } from './tables/writes-at-once.js'

/** All tables, in the order in which they are shown. */
export const benches: readonly Bench[] = [
  adapterReads,
  clientReads,
  clientWrites,
  journals,
  writesAtOnce,
  growth,
  leaseCalls,
  leaseContention,
  leaseTakeover,
  leaseWaiters,
  coldStart,
]
