/** What the service is told by its environment. */
export interface Settings {
  /** The file on EFS. */
  url: string
  lease: { tableName: string }
}

/**
 * Reads `DATABASE_URL`, the file on EFS, and `SQLITE_LOCK_DYNAMODB_TABLE`, the table of the lease.
 *
 * @throws Error naming the variable that is not set
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const url = env['DATABASE_URL']
  const tableName = env['SQLITE_LOCK_DYNAMODB_TABLE']
  if (!url) throw new Error('DATABASE_URL is not set: it is the file on EFS, e.g. file:/mnt/efs/bookings.db')
  if (!tableName) throw new Error('SQLITE_LOCK_DYNAMODB_TABLE is not set: it is the DynamoDB table of the lease')
  return { url, lease: { tableName } }
}
