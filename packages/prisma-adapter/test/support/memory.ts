// Does one thing many times, and says what the process holds on to: started with --expose-gc.
import { PrismaSqliteEfs } from '../../src/index.js'
import { PrismaClient } from '../generated/prisma/client.js'

const [file, what, count] = process.argv.slice(2) as [string, 'writes' | 'reads' | 'transactions', string]
const prisma = new PrismaClient({ adapter: new PrismaSqliteEfs({ url: file, lease: 'local' }) })

const once = {
  writes: (n: number) => prisma.user.update({ where: { id: 1 }, data: { name: String(n) } }),
  reads: (n: number) => prisma.user.findMany({ where: { id: { gt: n } } }),
  transactions: (n: number) =>
    prisma.$transaction(async (tx) => {
      await tx.user.update({ where: { id: 1 }, data: { name: String(n) } })
      // Half of them end in an error.
      if (n % 2 === 1) throw new Error('changed my mind')
    }),
}[what]

/** So many at once: they share commits. */
const AT_ONCE = what === 'transactions' ? 1 : 100

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
