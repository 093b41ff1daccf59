import { PrismaSqliteEfs } from 'prisma-adapter-sqlite-efs'
import { databaseIn } from '../contestants/contestants.js'
import { filling, SCHEMA } from '../contestants/schema.js'
import { PrismaClient } from '../generated/prisma/client.js'
import { contestant, type Ratio, ratioText, sideBySide } from '../race/measure.js'
import type { Bench, Context, Row } from '../report/table.js'

const SIZES = [1000, 10_000, 100_000, 1_000_000]
/** SQLite's own part grows with the levels of its B-tree, two at the smallest size and four at the largest. */
const AT_MOST = 1.25

interface Grown {
  name: string
  rows: number
  prisma: PrismaClient
}

const OPERATIONS: Readonly<Record<string, (grown: Grown) => Promise<unknown>>> = {
  'findUnique by id': ({ rows, prisma }) =>
    prisma.order.findUnique({ where: { id: 1 + Math.floor(Math.random() * rows) } }),
  create: ({ prisma }) =>
    prisma.order.create({ data: { customerId: 1 + Math.floor(Math.random() * 100), status: 'open', total: 12.5 } }),
}

/** Whether anything grows with the table that need not. */
export const growth: Bench = {
  name: 'growth',
  title: 'One read and one write as the table grows',
  async run(context) {
    const sizes = context.short ? SIZES.slice(0, 3) : SIZES
    const grown: Grown[] = []
    for (const rows of sizes) grown.push(await grow(context, rows))
    const names = grown.map(({ name }) => name)
    const rows: Row[] = []
    const times: { name: string; values: number[] }[] = []
    for (const [what, operation] of Object.entries(OPERATIONS)) {
      context.say(what)
      const contestants = grown.map((it) => contestant(it.name, () => operation(it)))
      const result = await sideBySide(
        contestants,
        context.short ? { rounds: 15, turnMs: 8, warmUpMs: 100 } : { rounds: 60, turnMs: 60 },
      )
      const factor = inverse(result.ratio(names.at(-1)!, names[0]!))
      rows.push({
        what,
        cells: [...names.map((name) => microseconds(result.perSecond(name))), ratioText(factor)],
        reached: AT_MOST / factor.low,
        target: 'flat but for the B-tree',
        holds: factor.high <= AT_MOST ? true : factor.low > AT_MOST ? false : undefined,
      })
      times.push({ name: what, values: names.map((name) => 1 / result.ratio(name, names[0]!).median) })
    }
    await Promise.all(grown.map(({ prisma }) => prisma.$disconnect()))
    return {
      title: growth.title,
      columns: [...names.map((name) => `${name} rows, µs`), 'times as long, largest to smallest'],
      rows,
      notes: [
        `Ids are taken at random. For flat goes what takes at most ${AT_MOST} times as long at the largest size: the path to a row is two pages longer there, and pages that SQLite's cache of 32 MiB does not hold come from the kernel's.`,
      ],
      charts: [
        {
          name: growth.name,
          kind: 'lines',
          title: growth.title,
          unit: `time, at ${names[0]} rows = 1`,
          labels: names,
          series: times,
          alt: `${growth.title}: ${rows.map(({ what, cells }) => `${what} takes ${cells.at(-1)!.split(' ')[0]} times as long at ${names.at(-1)} rows as at ${names[0]}`).join('; ')}.`,
        },
      ],
    }
  },
}

async function grow(context: Context, rows: number): Promise<Grown> {
  const factory = new PrismaSqliteEfs({ url: `file:${databaseIn(context.folder())}`, lease: 'local' })
  const connection = await factory.connect()
  await connection.executeScript(SCHEMA)
  await connection.executeScript(filling(rows, 0))
  await connection.dispose()
  return { name: rows.toLocaleString('en'), rows, prisma: new PrismaClient({ adapter: factory }) }
}

const microseconds = (perSecond: number) => Math.round(1_000_000 / perSecond).toLocaleString('en')

const inverse = ({ median, low, high }: Ratio): Ratio => ({ median: 1 / median, low: 1 / high, high: 1 / low })
