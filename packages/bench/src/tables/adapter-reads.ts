import type { SqlDriverAdapter, SqlQuery } from '@prisma/driver-adapter-utils'
import { type Comparison, comparison } from '../comparison.js'
import { adapters, LIBSQL } from '../contestants.js'
import { sideBySide } from '../measure.js'
import type { Bench } from '../table.js'

const COLUMNS = ['id', 'customerId', 'placedAt', 'status', 'total', 'paid', 'note'].map(
  (name) => `\`main\`.\`Order\`.\`${name}\``,
)
const SELECT = `SELECT ${COLUMNS.join(', ')} FROM \`main\`.\`Order\` WHERE `
const INT = { scalarType: 'int', arity: 'scalar' } as const
const ORDERS = 20_000

/** Reads as Prisma's client writes them, and the targets. */
const READS: readonly { what: string; times: number; query: () => SqlQuery }[] = [
  {
    what: 'point read by id',
    times: 4,
    query: () => ({
      sql: `${SELECT}(\`main\`.\`Order\`.\`id\` = ? AND 1=1) LIMIT ? OFFSET ?`,
      args: [1 + Math.floor(Math.random() * ORDERS), 1, 0],
      argTypes: [INT, INT, INT],
    }),
  },
  ...[100, 10_000].map((rows) => ({
    what: `${rows.toLocaleString('en')} rows`,
    times: 2.5,
    query: () => ({
      sql: `${SELECT}\`main\`.\`Order\`.\`id\` > ? ORDER BY \`main\`.\`Order\`.\`id\` ASC LIMIT ? OFFSET ?`,
      args: [Math.floor(Math.random() * (ORDERS - rows)), rows, 0],
      argTypes: [INT, INT, INT],
    }),
  })),
]

/** What a read costs where Prisma meets the driver, without Prisma's own work. */
export const adapterReads: Bench = {
  name: 'adapter-reads',
  title: 'Reads at the adapter',
  async run(context) {
    const connections: { name: Comparison['contestants'][number]; connection: SqlDriverAdapter }[] = []
    for (const { name, factory } of await adapters(context, ORDERS)) {
      connections.push({ name, connection: await factory.connect() })
    }
    const measured: Comparison['measured'] = []
    for (const { what, times, query } of READS) {
      context.say(what)
      const contestants = connections.map(({ name, connection }) => ({
        name,
        operation: () => connection.queryRaw(query()),
      }))
      const result = await sideBySide(
        contestants,
        context.short ? { rounds: 15, turnMs: 12 } : { rounds: 40, turnMs: 100 },
      )
      measured.push({ what, result, targets: [{ of: LIBSQL, times }] })
    }
    await Promise.all(connections.map(({ connection }) => connection.dispose()))
    return comparison({
      name: adapterReads.name,
      title: adapterReads.title,
      contestants: connections.map(({ name }) => name),
      measured,
      notes: [
        `\`queryRaw\` of Prisma's driver adapters, with the SQL that Prisma's client sends, on a table of ${ORDERS.toLocaleString('en')} rows of seven columns that is in the page cache.`,
      ],
    })
  },
}
