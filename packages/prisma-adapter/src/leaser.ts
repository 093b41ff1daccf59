import { DynamoDBLeaser, type LeaseEvent, type Leaser, LocalLeaser } from '@sqlite-efs/lease'
import type { ResolvedOptions } from './options.js'

/**
 * Who hands out the right to write. Asks nobody yet.
 *
 * @throws LeaseError `CONFIGURATION`
 */
export function createLeaser(lease: ResolvedOptions['lease'], onEvent?: (event: LeaseEvent) => void): Leaser {
  const events = onEvent && { onEvent }
  if (lease === 'local') return new LocalLeaser({ ...events })
  const { tableName, client, ttlMs, maxClockSkewMs } = lease
  return new DynamoDBLeaser({
    tableName,
    ...(client !== undefined && { client }),
    ...(ttlMs !== undefined && { ttlMs }),
    ...(maxClockSkewMs !== undefined && { maxClockSkewMs }),
    ...events,
  })
}
