// What a client meets, as one line of JSON: node attempt.ts <database> [nobody]. Root, who may write everywhere, is nobody then.
import { PrismaSqliteEfs } from '../../src/index.js'
import { PrismaClient } from '../generated/prisma/client.js'

const clientOf = (url: string) => new PrismaClient({ adapter: new PrismaSqliteEfs({ url, lease: 'local' }) })
const [file, user] = process.argv.slice(2)

if (user === 'nobody' && process.getuid?.() === 0) {
  // Nobody may not be able to read this repository, and a client loads what it needs at its first query.
  const memory = clientOf(':memory:')
  await memory.$queryRaw`SELECT 1`
  await memory.$disconnect()
  process.setgid?.(65_534)
  process.setuid?.(65_534)
}

const prisma = clientOf(file!)

const outcomeOf = (promise: Promise<unknown>) =>
  promise.then(
    (result) => ({ result }),
    ({ code, message }: { code?: string; message: string }) => ({ code, message }),
  )

const read = await outcomeOf(prisma.tag.count())
const [write, transaction] = await Promise.all([
  outcomeOf(prisma.tag.create({ data: { name: 'x' } })),
  outcomeOf(prisma.$transaction(async (tx) => tx.tag.create({ data: { name: 'y' } }))),
])
await prisma.$disconnect()
process.stdout.write(JSON.stringify({ read, write, transaction }))
