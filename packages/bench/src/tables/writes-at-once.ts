import { type Comparison, comparison } from '../comparison.js'
import { adapters, LIBSQL, withClients } from '../contestants.js'
import { sideBySide } from '../measure.js'
import type { Bench } from '../table.js'

const AT_ONCE = 100

/** What many writes cost that one process asks for at the same time, as an HTTP server does. */
export const writesAtOnce: Bench = {
  name: 'writes-at-once',
  title: '100 creates at once from one process',
  run: async (context) =>
    await withClients(await adapters(context, 1000), async (clients) => {
      const contestants = clients.map(({ name, prisma }) => ({
        name,
        operation: () =>
          Promise.all(
            Array.from({ length: AT_ONCE }, (_, index) =>
              prisma.order.create({ data: { customerId: 1 + (index % 100), status: 'open', total: index } }),
            ),
          ),
      }))
      const result = await sideBySide(
        contestants,
        context.short ? { rounds: 3, turnMs: 200 } : { rounds: 9, turnMs: 1000 },
      )
      const measured: Comparison['measured'] = [
        { what: `${AT_ONCE} creates`, result, targets: [{ of: LIBSQL, times: 10 }] },
      ]
      return comparison({
        name: writesAtOnce.name,
        title: writesAtOnce.title,
        contestants: clients.map(({ name }) => name),
        measured,
        notes: [
          'One operation is all hundred. Ours commits together what waits together; each caller is answered for its own.',
        ],
      })
    }),
}
