import { join } from 'node:path'
import { openDatabase } from '@sqlite-efs/database'
import { migrate } from '@sqlite-efs/database/migrations'
import { LocalLeaser } from '@sqlite-efs/lease'
import { folderUntil } from '@sqlite-efs/toolkit/temporary-folder'
import { PrismaSqliteEfs } from 'prisma-adapter-sqlite-efs'
import { onTestFinished } from 'vitest'
import { PrismaClient } from '../../../../examples/lambda/src/generated/prisma/client.js'
import { TOP } from '../../src/pages.js'

/** A folder that is gone after the test. */
export const scratchFolder = () => folderUntil(onTestFinished)

/** A client of the booking service's database, which is new and migrated. */
export async function bookings(): Promise<PrismaClient> {
  const path = join(scratchFolder(), 'app.db')
  const database = openDatabase({ path, leaser: new LocalLeaser({ directory: `${path}-lease` }) })
  await migrate(database, join(TOP, 'prisma/migrations'))
  await database.close()
  const prisma = new PrismaClient({ adapter: new PrismaSqliteEfs({ url: `file:${path}`, lease: 'local' }) })
  onTestFinished(() => prisma.$disconnect())
  return prisma
}
