import type { Clock } from '@sqlite-efs/lease'
import type { SqlValue } from '../contract/values.js'
import type { Connection } from '../engine/connection.js'
import type { LockWait } from '../engine/retry-while-busy.js'
import type { FreezeDetector } from '../file/freeze-detector.js'

/** Takes SQLite's shared lock: by `exec`, so that BUSY leaves nothing behind. */
export function beginRead(connection: Connection): void {
  try {
    connection.exec('BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1')
    connection.noticeSchema()
  } catch (error) {
    endRead(connection)
    throw error
  }
}

/** Gives the shared lock back. */
export function endRead(connection: Connection): void {
  if (connection.inTransaction) connection.exec('ROLLBACK')
}

/**
 * A host that was frozen for longer than this may have lost its locks: NFS servers drop those of a silent client after a
 * minute or so. What was frozen can't be told from what only took long.
 */
export const MAX_SILENCE_MS = 30_000

/**
 * Whether nobody has written the file since the read began, though its lock may be gone: takes the lock anew, and goes by
 * https://www.sqlite.org/pragma.html#pragma_data_version.
 */
export function isUnchanged(connection: Connection, dataVersion: SqlValue): boolean {
  try {
    if (connection.isMoved) return false
    endRead(connection)
    beginRead(connection)
    return connection.value('PRAGMA data_version') === dataVersion
  } catch {
    return false
  }
}

/** What the readers of a file need from it. */
export interface ReaderContext {
  clock: Clock
  open(): Connection
  lockWait(): LockWait
  freeze: FreezeDetector
}
