import { CONTESTANTS } from '../contestants/contestants.js'
import { type Comparison, comparison, EACH_PEER, measureEach } from '../race/comparison.js'
import { inEach, race } from '../race/contestant-process.js'
import type { Bench } from '../report/table.js'

/** What a read costs who calls Prisma's client. */
export const clientReads: Bench = {
  name: 'client-reads',
  title: 'Reads through PrismaClient',
  async run(context) {
    const pace = context.short ? { rounds: 15, turnMs: 12, warmUpMs: 300 } : { rounds: 60, turnMs: 60 }
    const measured: Comparison['measured'] = []
    for (const workload of ['clientReads', 'deferredReads'] as const) {
      measured.push(
        ...(await race(context, inEach(workload), (each) => measureEach(context, each, pace, () => EACH_PEER))),
      )
    }
    return comparison({
      name: clientReads.name,
      title: clientReads.title,
      contestants: CONTESTANTS,
      measured,
      notes: [
        "Both of Prisma's own begin a transaction as a deferred one, so that of ours with `transactionMode: 'deferred'` is like with like. By default ours takes the lease first, for nobody knows then that it will only read: that is what a transaction that reads and then writes never has to be run again for.",
      ],
    })
  },
}
