// Writes where DynamoDB can't be reached, disconnects, says what it met and what is then still open, and has to end by itself.
import { setImmediate } from 'node:timers/promises'
import { PrismaSqliteEfs } from '../../src/index.js'
import { PrismaClient } from '../generated/prisma/client.js'

const [file, tableName] = process.argv.slice(2) as [string, string]

const lease = { tableName, timeoutMs: 1_900 }
const prisma = new PrismaClient({ adapter: new PrismaSqliteEfs({ url: file, lease }) })

const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => ({ code: 'none', message: '' }),
    ({ code, message }: { code?: string; message: string }) => ({ code, message }),
  )

await prisma.tag.count()
while (process.getActiveResourcesInfo().some((resource) => resource.includes('Req'))) await setImmediate()
const before = process.getActiveResourcesInfo().toSorted()
const transaction = await errorOf(
  prisma.$transaction((tx) => tx.tag.create({ data: { name: 'b' } }), { maxWait: 10_000 }),
)
const write = await errorOf(prisma.tag.create({ data: { name: 'a' } }))
await prisma.$disconnect()
// A socket that was destroyed is closed at the end of its turn of the event loop.
await setImmediate()
const after = process.getActiveResourcesInfo().toSorted()
process.stdout.write(JSON.stringify({ write, transaction, before, after }))
