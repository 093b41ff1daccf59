import type { PrismaClient } from '../generated/prisma/client.js'
import { openClient, type Workload } from './workload.js'

const ORDERS = 20_000
const PAGE = 'a page and its count, `$transaction([findMany, count])`'
const INCLUDE = 'findMany with include, 20 orders of 3 items'
const DEFERRED = "the same, ours with `transactionMode: 'deferred'`"
const order = () => 1 + Math.floor(Math.random() * ORDERS)

function page(prisma: PrismaClient): Promise<unknown> {
  const where = { customerId: 1 + (order() % 100) }
  return prisma.$transaction([
    prisma.order.findMany({ where, orderBy: { id: 'desc' }, skip: 20, take: 20 }),
    prisma.order.count({ where }),
  ])
}

/** Reads of Prisma's client. */
export const clientReads: Workload = {
  orders: ORDERS,
  open: (factory) =>
    openClient(
      factory,
      {
        findUnique: (prisma) => prisma.order.findUnique({ where: { id: order() } }),
        [INCLUDE]: (prisma) =>
          prisma.order.findMany({ where: { id: { gt: order() - 20 } }, take: 20, include: { items: true } }),
        [PAGE]: page,
      },
      { rows: { findUnique: 1, [INCLUDE]: 20 + 60, [PAGE]: 20 } },
    ),
}

/** The same, where a transaction of ours begins as those of the others do. */
export const deferredReads: Workload = {
  orders: ORDERS,
  ours: { transactionMode: 'deferred' },
  open: (factory) => openClient(factory, { [DEFERRED]: page }, { rows: { [DEFERRED]: 20 } }),
}
