import { DjangoCompatibleLeaser, DynamoDBLeaser, type LeaseEvent, type Leaser, LocalLeaser } from '@sqlite-efs/lease'
import type { ResolvedOptions } from './options.js'

/** Where a local line is kept, and who hears of what happens to the leases. */
export interface LeaserContext {
  onEvent?: ((event: LeaseEvent) => void) | undefined
  /** For `'local'`: see {@link localDirectory}. Without it the line is in this process's memory. */
  directory?: string | undefined
}

/**
 * Who hands out the right to write. Asks nobody yet.
 *
 * @throws LeaseError `CONFIGURATION`
 */
export function createLeaser(lease: ResolvedOptions['lease'], { onEvent, directory }: LeaserContext = {}): Leaser {
  const events = onEvent && { onEvent }
  if (lease === 'local') return new LocalLeaser({ ...events, ...(directory !== undefined && { directory }) })
  const { tableName, client, ttlMs, maxClockSkewMs, protocol, maxAttempts } = lease
  const options = {
    tableName,
    ...(client !== undefined && { client }),
    ...(ttlMs !== undefined && { ttlMs }),
    ...(maxClockSkewMs !== undefined && { maxClockSkewMs }),
    ...events,
  }
  if (protocol !== 'django-sqlite-efs') return new DynamoDBLeaser(options)
  return new DjangoCompatibleLeaser({ ...options, ...(maxAttempts !== undefined && { maxAttempts }) })
}
