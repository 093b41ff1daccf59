// Run as a user who may not write: what a client meets, as one line of JSON.
import { PrismaSqliteEfs } from '../../src/index.js'
import { PrismaClient } from '../generated/prisma/client.js'

const prisma = new PrismaClient({ adapter: new PrismaSqliteEfs({ url: process.argv[2]!, lease: 'local' }) })

const outcomeOf = (promise: Promise<unknown>) =>
  promise.then(
    (result) => ({ result }),
    ({ code, message }: { code?: string; message: string }) => ({ code, message }),
  )

const read = await outcomeOf(prisma.tag.count())
const write = await outcomeOf(prisma.tag.create({ data: { name: 'x' } }))
const transaction = await outcomeOf(prisma.$transaction(async (tx) => tx.tag.create({ data: { name: 'y' } })))
await prisma.$disconnect()
process.stdout.write(JSON.stringify({ read, write, transaction }))
