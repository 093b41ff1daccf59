import { createLeaseTable } from '@sqlite-efs/lease'
import { createClient } from '@sqlite-efs/lease/internal'
import { type LocalDynamoDB, startDynamoDB } from '@sqlite-efs/toolkit'
import { PrismaSqliteEfs } from 'prisma-adapter-sqlite-efs'
import { withLease } from 'prisma-adapter-sqlite-efs/lambda'
import { filling, SCHEMA } from '../contestants/schema.js'
import { PrismaClient } from '../generated/prisma/client.js'
import { TABLE } from '../lease/contest.js'
import { counted, noUsage, type Usage } from '../lease/usage.js'
import type { Bench, Context, Row } from '../report/table.js'

const TIMES = 5
const QUIET_MS = 150

/** What is done, and how often DynamoDB may be asked for it. */
interface Case {
  what: string
  act: (client: Client) => Promise<unknown>
  onLambda?: boolean
  /** All requests, and those that the caller waits for. */
  target?: { all: number; waited?: number }
}

interface Client {
  prisma: PrismaClient
  adapter: PrismaSqliteEfs
}

const create = ({ prisma }: Client) => prisma.order.create({ data: { customerId: 1, status: 'open', total: 1 } })

const createFive = async (client: Client) => {
  for (let i = 0; i < 5; i++) await create(client)
}

const context = { getRemainingTimeInMillis: () => 30_000 }

const cases: readonly Case[] = [
  { what: 'a create', act: create, target: { all: 2, waited: 1 } },
  { what: 'a create, on Lambda', act: create, onLambda: true, target: { all: 2 } },
  { what: 'five creates, one after the other, on Lambda', act: createFive, onLambda: true },
  {
    what: 'an invocation with these five, in `withLease`',
    act: (client) => withLease(client.adapter, (_event: object, _context: object) => createFive(client))({}, context),
    onLambda: true,
    target: { all: 2 },
  },
  { what: 'five creates at once', act: (client) => Promise.all(Array.from({ length: 5 }, () => create(client))) },
  {
    what: 'an interactive transaction with three writes',
    act: ({ prisma }) =>
      prisma.$transaction(async (transaction) => {
        for (let i = 0; i < 3; i++)
          await transaction.order.update({ where: { id: 1 }, data: { total: { increment: 1 } } })
      }),
    target: { all: 2, waited: 1 },
  },
  {
    what: 'a nested create',
    act: ({ prisma }) =>
      prisma.customer.create({
        data: {
          email: `${performance.now()}@example.com`,
          name: 'new',
          orders: { create: { status: 'open', total: 1 } },
        },
      }),
    target: { all: 2, waited: 1 },
  },
  { what: 'a point read', act: ({ prisma }) => prisma.order.findUnique({ where: { id: 1 } }), target: { all: 0 } },
  {
    what: 'findMany with include',
    act: ({ prisma }) => prisma.order.findMany({ take: 20, include: { items: true } }),
    target: { all: 0 },
  },
]

/** Counts, which are the same on every machine: nothing is timed. */
export const leaseCalls: Bench = {
  name: 'lease-calls',
  title: 'Requests to DynamoDB',
  async run(benchContext) {
    await using dynamodb = await startDynamoDB()
    await createLeaseTable(dynamodb.config, TABLE)
    const rows: Row[] = []
    for (const onLambda of [false, true]) {
      const some = cases.filter((it) => (it.onLambda ?? false) === onLambda)
      rows.push(...(await asOnLambda(onLambda, () => countAll(some, benchContext, dynamodb))))
    }
    const order = cases.map(({ what }) => what)
    return {
      title: leaseCalls.title,
      columns: ['requests', 'answered before its promise', 'write units'],
      rows: rows.toSorted((a, b) => order.indexOf(a.what) - order.indexOf(b.what)),
      notes: [
        `Counted at the client, by the default settings, with nobody else in line; ${TIMES} times each. The second column is what was answered when the caller's promise was resolved.`,
        'The start of a transaction waits for 1.9 s at the most, and joins the line for 3.6 s: enough for what takes up to 0.6 s. A longer one asks once more, beside its statements.',
        '"On Lambda" the lease is given back before the caller is answered: what is under way may be frozen.',
      ],
    }
  },
}

async function countAll(some: readonly Case[], benchContext: Context, { config }: LocalDynamoDB): Promise<Row[]> {
  const usage = noUsage()
  const own = createClient(1000, config)
  const client = await connect(benchContext, counted(own, usage))
  const rows: Row[] = []
  for (const each of some) rows.push(await count(each, client, usage))
  await client.prisma.$disconnect()
  own.destroy()
  return rows
}

async function connect(benchContext: Context, client: ReturnType<typeof counted>): Promise<Client> {
  const adapter = new PrismaSqliteEfs({
    url: `file:${benchContext.folder()}/shop.db`,
    lease: { tableName: TABLE, client },
  })
  const connection = await adapter.connect()
  await connection.executeScript(SCHEMA)
  await connection.executeScript(filling(100))
  const prisma = new PrismaClient({ adapter })
  await prisma.$connect()
  await connection.dispose()
  return { prisma, adapter }
}

/** By this variable a process knows that it runs on Lambda. */
async function asOnLambda<T>(onLambda: boolean, act: () => Promise<T>): Promise<T> {
  const { env } = process
  const before = env['AWS_LAMBDA_FUNCTION_NAME']
  if (onLambda) env['AWS_LAMBDA_FUNCTION_NAME'] = 'bench'
  try {
    return await act()
  } finally {
    delete env['AWS_LAMBDA_FUNCTION_NAME']
    if (before !== undefined) env['AWS_LAMBDA_FUNCTION_NAME'] = before
  }
}

async function count({ what, act, target }: Case, client: Client, usage: Usage): Promise<Row> {
  const all = new Set<number>()
  const waited = new Set<number>()
  const units = new Set<number>()
  for (let i = 0; i < TIMES; i++) {
    await quiet(usage)
    const before = { ...usage }
    await act(client)
    waited.add(usage.answered - before.answered)
    await quiet(usage)
    all.add(usage.answered - before.answered)
    units.add(usage.writeUnits - before.writeUnits)
  }
  return {
    what,
    cells: [all, waited, units].map((it) => [...it].join(' or ')),
    target: target ? `${target.all}${target.waited === undefined ? '' : `, of which ${target.waited}`}` : '',
    holds: target && holds(all, target.all) && (target.waited === undefined || holds(waited, target.waited)),
  }
}

/** Fewer would be none that was counted. */
const holds = (counts: ReadonlySet<number>, exactly: number) => [...counts].every((it) => it === exactly)

/** Until nothing was asked for a while. */
async function quiet(usage: Usage): Promise<void> {
  for (let before = -1; before !== usage.answered; ) {
    before = usage.answered
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS))
  }
}
