import { PrismaSqliteEfs } from 'prisma-adapter-sqlite-efs'
import { cloudWatchMetrics } from 'prisma-adapter-sqlite-efs/lambda'
import { PrismaClient } from './generated/prisma/client.js'
import { readSettings } from './settings.js'

/** The client of this process and its adapter, configured by its environment. One for the life of a Lambda instance. */
export function createClient(env: NodeJS.ProcessEnv): { prisma: PrismaClient; adapter: PrismaSqliteEfs } {
  const adapter = new PrismaSqliteEfs({ ...readSettings(env), onEvent: cloudWatchMetrics() })
  return { prisma: new PrismaClient({ adapter }), adapter }
}
