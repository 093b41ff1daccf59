import type { Leaser } from '@sqlite-efs/lease'
import type { ResolvedOptions } from './options.js'

/** Who hands out the right to write. */
export function createLeaser(lease: ResolvedOptions['lease']): Leaser {
  throw new Error(`not there yet: ${lease === 'local' ? lease : lease.tableName}`)
}
