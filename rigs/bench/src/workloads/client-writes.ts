import { openClient, type Workload } from './workload.js'

const ORDERS = 2000
const order = () => 1 + Math.floor(Math.random() * ORDERS)
const newOrder = () => ({ customerId: 1 + (order() % 100), status: 'open', total: 12.5, note: 'by the gate' })
const newItem = () => ({ product: 'apples', quantity: 3 })
const thousandth = () => ({ ...newItem(), orderId: order() })

/** Writes of Prisma's client, one after the other. */
export const clientWrites: Workload = {
  orders: ORDERS,
  open: (factory) =>
    openClient(factory, {
      create: (prisma) => prisma.order.create({ data: newOrder() }),
      update: (prisma) =>
        prisma.order.update({ where: { id: order() }, data: { status: 'sent', total: Math.random() } }),
      'nested create, an order of 3 items': (prisma) =>
        prisma.order.create({ data: { ...newOrder(), items: { create: [newItem(), newItem(), newItem()] } } }),
      'createMany of 1,000': (prisma) => prisma.item.createMany({ data: Array.from({ length: 1000 }, thousandth) }),
      'interactive transaction, a read and three writes': (prisma) =>
        prisma.$transaction(async (transaction) => {
          const { id, total } = await transaction.order.findUniqueOrThrow({ where: { id: order() } })
          await transaction.order.update({ where: { id }, data: { total: total + 1 } })
          await transaction.item.create({ data: { ...newItem(), orderId: id } })
          await transaction.order.create({ data: newOrder() })
        }),
    }),
}
