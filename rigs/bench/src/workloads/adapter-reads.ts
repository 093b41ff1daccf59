import type { SqlQuery } from '@prisma/driver-adapter-utils'
import type { Workload } from './workload.js'

const COLUMNS = ['id', 'customerId', 'placedAt', 'status', 'total', 'paid', 'note'].map(
  (name) => `\`main\`.\`Order\`.\`${name}\``,
)
const SELECT = `SELECT ${COLUMNS.join(', ')} FROM \`main\`.\`Order\` WHERE `
const INT = { scalarType: 'int', arity: 'scalar' } as const
const ORDERS = 20_000

const pointRead = (): SqlQuery => ({
  sql: `${SELECT}(\`main\`.\`Order\`.\`id\` = ? AND 1=1) LIMIT ? OFFSET ?`,
  args: [1 + Math.floor(Math.random() * ORDERS), 1, 0],
  argTypes: [INT, INT, INT],
})

const manyRows = (rows: number): SqlQuery => ({
  sql: `${SELECT}\`main\`.\`Order\`.\`id\` > ? ORDER BY \`main\`.\`Order\`.\`id\` ASC LIMIT ? OFFSET ?`,
  args: [Math.floor(Math.random() * (ORDERS - rows)), rows, 0],
  argTypes: [INT, INT, INT],
})

const nextTick = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Reads as Prisma's client writes them, where Prisma meets the driver. */
export const adapterReads: Workload = {
  orders: ORDERS,
  async open(factory) {
    const connection = await factory.connect()
    return {
      operations: {
        'point read by id': () => connection.queryRaw(pointRead()),
        'the same, with a turn of the event loop between': async () => {
          const answer = await connection.queryRaw(pointRead())
          await nextTick()
          return answer
        },
        '100 rows': () => connection.queryRaw(manyRows(100)),
        '10,000 rows': () => connection.queryRaw(manyRows(10_000)),
      },
      rows: { 'point read by id': 1, '100 rows': 100, '10,000 rows': 10_000 },
      close: () => connection.dispose(),
    }
  },
}
