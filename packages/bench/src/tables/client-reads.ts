import { type Comparison, comparison, EACH_PEER } from '../comparison.js'
import { adapters, CONTESTANTS, withClients } from '../contestants.js'
import type { PrismaClient } from '../generated/prisma/client.js'
import { sideBySide } from '../measure.js'
import type { Bench } from '../table.js'

const ORDERS = 20_000
const order = () => 1 + Math.floor(Math.random() * ORDERS)

type Read = (prisma: PrismaClient) => Promise<unknown>

const page: Read = (prisma) => {
  const where = { customerId: 1 + (order() % 100) }
  return prisma.$transaction([
    prisma.order.findMany({ where, orderBy: { id: 'desc' }, skip: 20, take: 20 }),
    prisma.order.count({ where }),
  ])
}

const READS: readonly { what: string; read: Read; transactionMode?: 'deferred' }[] = [
  { what: 'findUnique', read: (prisma) => prisma.order.findUnique({ where: { id: order() } }) },
  {
    what: 'findMany with include, 20 orders of 3 items',
    read: (prisma) =>
      prisma.order.findMany({ where: { id: { gt: order() - 20 } }, take: 20, include: { items: true } }),
  },
  {
    what: 'a page and its count, `$transaction([findMany, count])`, deferred',
    read: page,
    transactionMode: 'deferred',
  },
  { what: 'the same, immediate, our default', read: page },
]

/** What a read costs who calls Prisma's client. */
export const clientReads: Bench = {
  name: 'client-reads',
  title: 'Reads through PrismaClient',
  async run(context) {
    const measured: Comparison['measured'] = []
    for (const { what, read, transactionMode } of READS) {
      context.say(what)
      const result = await withClients(
        await adapters(context, ORDERS, transactionMode && { transactionMode }),
        (clients) =>
          sideBySide(
            clients.map(({ name, prisma }) => ({ name, operation: () => read(prisma) })),
            context.short ? { rounds: 15, turnMs: 12 } : { rounds: 60, turnMs: 60 },
          ),
      )
      measured.push({ what, result, targets: EACH_PEER })
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
