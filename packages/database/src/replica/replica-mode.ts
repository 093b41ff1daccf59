import { constants, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import type { ReplicaOffReason } from '../contract/events.js'
import type { DirectAccess } from './direct-files.js'

/** The type of NFS by statfs(2); EFS is NFSv4.1. */
const NFS = 0x6969

/** How a file's replica reads it, or why there is none. */
export type ReplicaMode = DirectAccess | ReplicaOffReason

/**
 * Whether a file may have a replica: only on NFS, for elsewhere a read is local anyway. Not in a worker thread, for Node closes a thread's
 * descriptors at its end, and with them would go the locks of the whole process.
 */
export function replicaModeOf(path: string): ReplicaMode {
  if (constants.O_DIRECT === undefined) return 'no O_DIRECT'
  if (!isMainThread) return 'worker thread'
  try {
    // As 32 bits without a sign: some kernels extend it.
    return statfsSync(dirname(path)).type >>> 0 === NFS ? { isDirect: true } : 'local disk'
  } catch {
    return 'local disk'
  }
}
