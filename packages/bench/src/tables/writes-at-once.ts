import { type Comparison, comparison } from '../comparison.js'
import { adapters, LIBSQL, withClients } from '../contestants.js'
import { fsyncMs, REAL_FSYNC_MS } from '../disk.js'
import { sideBySide } from '../measure.js'
import type { Bench } from '../table.js'

/** What many writes cost that one process asks for at the same time, as an HTTP server does. */
export const writesAtOnce: Bench = {
  name: 'writes-at-once',
  title: '100 creates at once from one process',
  run: async (context) =>
    await withClients(await adapters(context, 2000), async (clients) => {
      const atOnce = context.short ? 30 : 100
      const contestants = clients.map(({ name, prisma }) => ({
        name,
        operation: () =>
          Promise.all(
            Array.from({ length: atOnce }, (_, index) =>
              prisma.order.create({ data: { customerId: 1 + (index % 100), status: 'open', total: index } }),
            ),
          ),
      }))
      const result = await sideBySide(
        contestants,
        context.short ? { rounds: 3, turnMs: 0 } : { rounds: 9, turnMs: 1000 },
      )
      const waitMs = fsyncMs(context.folder())
      const isReal = waitMs >= REAL_FSYNC_MS
      const measured: Comparison['measured'] = [
        { what: `${atOnce} creates`, result, targets: isReal ? [{ of: LIBSQL, times: 10 }] : [] },
      ]
      return comparison({
        name: writesAtOnce.name,
        title: writesAtOnce.title,
        contestants: clients.map(({ name }) => name),
        measured,
        notes: [
          'One operation is all of them. Ours commits together what waits together; each caller is answered for its own.',
          isReal
            ? `A page and its fsync took ${waitMs.toFixed(2)} ms at that time.`
            : `A page and its fsync took ${waitMs.toFixed(3)} ms: that is no disk, and the target is for one.`,
        ],
      })
    }),
}
