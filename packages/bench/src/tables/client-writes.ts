import { type Comparison, comparison, EACH_PEER } from '../comparison.js'
import { adapters, type Client, withClients } from '../contestants.js'
import type { PrismaClient } from '../generated/prisma/client.js'
import { sideBySide } from '../measure.js'
import { settingsOf } from '../settings.js'
import type { Bench } from '../table.js'

const ORDERS = 2000
const order = () => 1 + Math.floor(Math.random() * ORDERS)
const newOrder = () => ({ customerId: 1 + (order() % 100), status: 'open', total: 12.5, note: 'by the gate' })
const newItem = () => ({ product: 'apples', quantity: 3 })

const WRITES: Readonly<Record<string, (prisma: PrismaClient) => Promise<unknown>>> = {
  create: (prisma) => prisma.order.create({ data: newOrder() }),
  update: (prisma) => prisma.order.update({ where: { id: order() }, data: { status: 'sent', total: Math.random() } }),
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
}

const thousandth = () => ({ ...newItem(), orderId: order() })

/** What a write costs who calls Prisma's client, on a disk that has to say that it has it. */
export const clientWrites: Bench = {
  name: 'client-writes',
  title: 'Writes through PrismaClient, one after the other',
  run: async (context) =>
    await withClients(await adapters(context, ORDERS), async (clients) => {
      const measured: Comparison['measured'] = []
      for (const [what, write] of Object.entries(WRITES)) {
        context.say(what)
        const contestants = clients.map(({ name, prisma }) => ({ name, operation: () => write(prisma) }))
        const result = await sideBySide(
          contestants,
          context.short ? { rounds: 9, turnMs: 0 } : { rounds: 60, turnMs: 60 },
        )
        measured.push({ what, result, targets: EACH_PEER })
      }
      return comparison({
        name: clientWrites.name,
        title: clientWrites.title,
        contestants: clients.map(({ name }) => name),
        measured,
        notes: [
          "Ours under `lease: 'local'`, with the lease taken and given back for each write, as it is in production.",
          `Each adapter as its users get it, which is what the target is for: ${await settings(clients)}.`,
        ],
      })
    }),
}

async function settings(clients: readonly Client[]): Promise<string> {
  const each = clients.map(async ({ name, prisma }) => `${name} ${await settingsOf(prisma)}`)
  return (await Promise.all(each)).join(', ')
}
