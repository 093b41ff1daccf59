import type { Bench } from './table.js'

/** All tables, in the order in which they are shown. */
export const benches: readonly Bench[] = []
