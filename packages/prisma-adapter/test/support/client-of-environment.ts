// As an application's own module makes its client: a build imports it, and asks nothing of it.
import { PrismaSqliteEfs } from '../../src/index.js'
import { PrismaClient } from '../generated/prisma/client.js'

const { DATABASE_URL, LOCK_TABLE } = process.env

export const prisma = new PrismaClient({
  adapter: new PrismaSqliteEfs({ url: DATABASE_URL, lease: { tableName: LOCK_TABLE } }),
})
process.stdout.write('made\n')
