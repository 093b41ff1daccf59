// Another process that writes with a client of its own: create-tag.ts <database> <name>. Says what came of it.
import { PrismaSqliteEfs } from '../../src/index.js'
import { PrismaClient } from '../generated/prisma/client.js'

const [url = '', name = ''] = process.argv.slice(2)
const prisma = new PrismaClient({ adapter: new PrismaSqliteEfs({ url, lease: 'local' }) })
const outcome = await prisma.tag.create({ data: { name } }).then(
  () => 'written',
  (error: Error) => error.message,
)
await prisma.$disconnect()
process.stdout.write(outcome)
