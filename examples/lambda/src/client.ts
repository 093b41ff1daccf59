import { PrismaSqliteEfs } from 'prisma-adapter-sqlite-efs'
import { PrismaClient } from './generated/prisma/client.js'

/**
 * The client of this process, configured by its environment: `DATABASE_URL` is the file on EFS, and
 * `SQLITE_LOCK_DYNAMODB_TABLE` the table of the lease. One for the life of a Lambda instance.
 */
export function createClient(env: NodeJS.ProcessEnv): PrismaClient {
  const url = env['DATABASE_URL']
  const tableName = env['SQLITE_LOCK_DYNAMODB_TABLE']
  if (!url) throw new Error('DATABASE_URL is not set: it is the file on EFS, e.g. file:/mnt/efs/bookings.db')
  if (!tableName) throw new Error('SQLITE_LOCK_DYNAMODB_TABLE is not set: it is the DynamoDB table of the lease')
  return new PrismaClient({ adapter: new PrismaSqliteEfs({ url, lease: { tableName } }) })
}
