// Does one thing many times, and says what the process holds on to: started with --expose-gc.
import { PrismaSqliteEfs } from '../../src/index.js'
import { PrismaClient } from '../generated/prisma/client.js'

const [file, what, count, tableName] = process.argv.slice(2) as [string, keyof typeof ways, string, string | undefined]
const lease = tableName === undefined ? 'local' : { tableName }
const prisma = new PrismaClient({ adapter: new PrismaSqliteEfs({ url: file, lease }) })

const write = (n: number) => prisma.user.update({ where: { id: 1 }, data: { name: String(n) } })

const ways = {
  writes: write,
  'writes that share commits': write,
  reads: (n: number) => prisma.user.findMany({ where: { id: { gt: n } } }),
  transactions: (n: number) =>
    prisma.$transaction(async (tx) => {
      await tx.user.update({ where: { id: 1 }, data: { name: String(n) } })
      // Half of them end in an error.
      if (n % 2 === 1) throw new Error('changed my mind')
    }),
}
const once = ways[what]

const AT_ONCE = what === 'reads' || what === 'writes that share commits' ? 100 : 1

async function times(many: number): Promise<void> {
  for (let done = 0; done < many; done += AT_ONCE) {
    await Promise.allSettled(Array.from({ length: AT_ONCE }, (_, n) => once(done + n)))
  }
}

async function held() {
  // What is weakly held is freed by a second collection, after its finalizers have run.
  for (let round = 0; round < 3; round++) {
    ;(globalThis as unknown as { gc(): void }).gc()
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  const { heapUsed, rss, external } = process.memoryUsage()
  return { heapUsed, rss, external }
}

await prisma.user.create({ data: { id: 1, email: 'x' } })
await times(Number(count) / 5)
const before = await held()
const since = performance.now()
await times(Number(count))
const ms = Math.round(performance.now() - since)
const after = await held()
await prisma.$disconnect()
process.stdout.write(JSON.stringify({ what, count: Number(count), ms, before, after }))
