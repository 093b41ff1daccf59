import { DjangoCompatibleLeaser, DynamoDBLeaser, type LeaseEvent, type Leaser, LocalLeaser } from '@sqlite-efs/lease'
import type { ResolvedLease } from './options.js'

/** Where a local line is kept, and who hears of what happens to the leases. */
export interface LeaserContext {
  onEvent?: ((event: LeaseEvent) => void) | undefined
  /** For a line in files: see {@link localDirectory}. Without it the line is in this process's memory. */
  directory?: string | undefined
}

/**
 * Who hands out the right to write. Asks nobody yet.
 *
 * @throws LeaseError `CONFIGURATION`
 */
export function createLeaser(lease: ResolvedLease, { onEvent, directory }: LeaserContext = {}): Leaser {
  const { client, ttlMs, maxClockSkewMs, maxAttempts } = lease
  const settings = {
    ...(ttlMs !== undefined && { ttlMs }),
    ...(maxClockSkewMs !== undefined && { maxClockSkewMs }),
    ...(onEvent && { onEvent }),
  }
  if (lease.protocol === 'local') return new LocalLeaser({ ...settings, ...(directory !== undefined && { directory }) })
  const options = { tableName: lease.tableName, ...(client !== undefined && { client }), ...settings }
  if (lease.protocol !== 'django-sqlite-efs') return new DynamoDBLeaser(options)
  return new DjangoCompatibleLeaser({ ...options, ...(maxAttempts !== undefined && { maxAttempts }) })
}
