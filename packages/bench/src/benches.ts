import type { Bench } from './table.js'
import { adapterReads } from './tables/adapter-reads.js'
import { clientReads } from './tables/client-reads.js'
import { clientWrites } from './tables/client-writes.js'
import { growth } from './tables/growth.js'
import { journals } from './tables/journals.js'
import { writesAtOnce } from './tables/writes-at-once.js'

/** All tables, in the order in which they are shown. */
export const benches: readonly Bench[] = [adapterReads, clientReads, clientWrites, journals, writesAtOnce, growth]
