import { CONTESTANTS, LIBSQL } from '../contestants/contestants.js'
import { comparison, measureEach } from '../race/comparison.js'
import { inEach, race } from '../race/contestant-process.js'
import type { Bench } from '../report/table.js'
import { workloads } from '../workloads/index.js'

const TARGETS: Readonly<Record<string, number>> = { 'point read by id': 4, '100 rows': 2.5, '10,000 rows': 2.5 }

/** What a read costs where Prisma meets the driver, without Prisma's own work. */
export const adapterReads: Bench = {
  name: 'adapter-reads',
  title: 'Reads at the adapter',
  async run(context) {
    const pace = context.short ? { rounds: 15, turnMs: 12, warmUpMs: 100 } : { rounds: 40, turnMs: 100 }
    const measured = await race(context, inEach('adapterReads'), (each) =>
      measureEach(context, each, pace, (what) => {
        const times = TARGETS[what]
        return times === undefined ? [] : [{ of: LIBSQL, times }]
      }),
    )
    return comparison({
      name: adapterReads.name,
      title: adapterReads.title,
      contestants: CONTESTANTS,
      measured,
      notes: [
        `\`queryRaw\` of Prisma's driver adapters, with the SQL that Prisma's client sends, on a table of ${workloads.adapterReads.orders.toLocaleString('en')} rows of seven columns that is in the page cache.`,
        'Each read takes SQLite’s lock and releases it before its caller goes on, so that code that computes after a read keeps no writer waiting. Only reads that are sent together share a lock.',
      ],
    })
  },
}
