import type { PrismaClient } from '../generated/prisma/client.js'
import { openClient, type Workload } from './workload.js'

const creates = (prisma: PrismaClient) =>
  Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      prisma.order.create({ data: { customerId: 1 + (index % 100), status: 'open', total: index } }),
    ),
  )

/** Many writes that one process asks for at the same time, as an HTTP server does. */
export const writesAtOnce: Workload = {
  orders: 2000,
  open: (factory) => openClient(factory, { '100 creates': creates }),
}
