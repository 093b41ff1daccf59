import { type Comparison, comparison, EACH_PEER } from '../comparison.js'
import { adapters, withClients } from '../contestants.js'
import type { PrismaClient } from '../generated/prisma/client.js'
import { sideBySide } from '../measure.js'
import type { Bench } from '../table.js'

const ORDERS = 20_000
const order = () => 1 + Math.floor(Math.random() * ORDERS)

const READS: Readonly<Record<string, (prisma: PrismaClient) => Promise<unknown>>> = {
  findUnique: (prisma) => prisma.order.findUnique({ where: { id: order() } }),
  'findMany with include, 20 orders of 3 items': (prisma) =>
    prisma.order.findMany({ where: { id: { gt: order() - 20 } }, take: 20, include: { items: true } }),
  'a page and its count, `$transaction([findMany, count])`': (prisma) => {
    const where = { customerId: 1 + (order() % 100) }
    return prisma.$transaction([
      prisma.order.findMany({ where, orderBy: { id: 'desc' }, skip: 20, take: 20 }),
      prisma.order.count({ where }),
    ])
  },
}

/** What a read costs who calls Prisma's client. */
export const clientReads: Bench = {
  name: 'client-reads',
  title: 'Reads through PrismaClient',
  run: async (context) =>
    await withClients(await adapters(context, ORDERS), async (clients) => {
      const measured: Comparison['measured'] = []
      for (const [what, read] of Object.entries(READS)) {
        context.say(what)
        const contestants = clients.map(({ name, prisma }) => ({ name, operation: () => read(prisma) }))
        const result = await sideBySide(
          contestants,
          context.short ? { rounds: 15, turnMs: 12 } : { rounds: 60, turnMs: 60 },
        )
        measured.push({ what, result, targets: EACH_PEER })
      }
      return comparison({
        name: clientReads.name,
        title: clientReads.title,
        contestants: clients.map(({ name }) => name),
        measured,
        notes: [
          "Most of such a read is Prisma's own work, which is the same for all: the ratios are nearer to 1 for it.",
        ],
      })
    }),
}
