import { openClient, type Workload } from './workload.js'

/** One create after the other, written as some PRAGMAs say: the adapters have no option for it. */
const creates = (...pragmas: readonly string[]): Workload => ({
  orders: 2000,
  open: (factory) =>
    openClient(
      factory,
      {
        create: (prisma) =>
          prisma.order.create({
            data: { customerId: 1 + Math.floor(Math.random() * 100), status: 'open', total: 12.5 },
          }),
      },
      { pragmas },
    ),
})

/** By the adapter's default. */
export const createsAsTheyAre = creates()

/** Like with like: as ours writes. */
export const createsWithPersist = creates('journal_mode=PERSIST')

/** What a network file system can't have. */
export const createsWithWal = creates('journal_mode=WAL', 'synchronous=FULL')
