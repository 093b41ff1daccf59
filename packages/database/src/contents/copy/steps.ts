import { Listeners } from '../../contract/events.js'
import type { Connection, FileConnection } from '../../engine/connection.js'
import { nextTick } from '../../engine/event-loop.js'
import { FreezeDetector } from '../../file/freeze-detector.js'
import { ReadWindow } from '../../read/read-window.js'
import type { WriteTransaction } from '../../write/write-transaction.js'
import type { ContentContext } from '../context.js'

/** Runs short steps on a connection that holds a lock; between two of them the event loop goes on. */
export type Steps = <T>(step: (connection: FileConnection) => T) => Promise<T>

/** Somebody committed, or the connection had to be thrown away: what was read does not belong to what would be read next. */
export class Disturbed extends Error {
  override readonly name = 'Disturbed'
}

/** Steps on a file that nobody changes. */
export function stepsOn(connection: FileConnection): Steps {
  return async (step) => {
    const result = step(connection)
    await nextTick()
    return result
  }
}

/** Steps in a write transaction: nobody can commit before it ends. Each needs the lease. */
export function stepsIn(transaction: WriteTransaction): Steps {
  return async (step) => {
    await transaction.guard.stayAlive()
    const result = step(transaction.connection)
    await nextTick()
    return result
  }
}

/**
 * Steps in read windows of their own, between which anybody may commit. All of them see the same state of the file: a step after
 * somebody's commit throws {@link Disturbed}.
 */
export async function inWindows<T>(context: ContentContext, action: (steps: Steps) => Promise<T>): Promise<T> {
  const { clock, path } = context.options
  const reader = new ReadWindow({
    clock,
    path,
    // Its windows are no reads of anybody's.
    listeners: new Listeners(),
    open: () => context.opener.openReader(),
    lockWait: () => context.lockWait(),
    freeze: new FreezeDetector(clock),
  })
  let first: { connection: Connection; version: unknown } | undefined
  try {
    return await action(async (step) => {
      const result = await reader.read((connection) => {
        // The change counter in the header, as this connection sees it: https://www.sqlite.org/pragma.html#pragma_data_version
        const version = connection.value('PRAGMA data_version')
        first ??= { connection, version }
        if (first.connection !== connection || first.version !== version) throw new Disturbed()
        return step(connection)
      })
      await nextTick()
      return result
    })
  } finally {
    reader.discard()
  }
}
