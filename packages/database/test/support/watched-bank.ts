import { onTestFinished } from 'vitest'
import { Connection } from '../../src/engine/connection.js'
import { FreezeDetector } from '../../src/file/freeze-detector.js'
import { DatabaseError } from '../../src/index.js'
import type { ReaderContext } from '../../src/read/read-lock.js'
import { mergePragmas } from '../../src/sql/pragmas.js'
import { ManualClock } from './manual-clock.js'
import { nextTick, openBank, scratchPath } from './scratch.js'

/** A bank that nobody has open, what its readers need, and the connections that they have opened and closed. */
export async function watchedBank() {
  const path = scratchPath()
  await (await openBank({}, path)).close()
  const clock = new ManualClock()
  const opened: Connection[] = []
  const closed = new Set<Connection>()
  const context: ReaderContext = {
    clock,
    open: () => {
      const connection = new Connection({ path, mode: 'read-only', pragmas: mergePragmas() })
      const close = connection.close.bind(connection)
      connection.close = () => {
        closed.add(connection)
        close()
      }
      opened.push(connection)
      return connection
    },
    lockWait: () => ({ path, clock, random: () => 0.5, timeoutMs: 1_000, onTimeout: () => 'too long' }),
    freeze: new FreezeDetector(clock),
  }
  onTestFinished(() => {
    for (const connection of opened) connection.close()
  })
  /** In the place of a method: fails as all I/O does after NFS has dropped the locks. */
  const failing = () => {
    throw new DatabaseError('SQLITE', 'disk I/O error', { path, extendedCode: 266 })
  }
  /** Lets time pass, a millisecond after the other. */
  const pass = async (ms: number) => {
    for (let passedMs = 0; passedMs < ms; passedMs++) {
      clock.advance(1)
      await nextTick()
    }
  }
  return { path, clock, opened, closed, context, failing, pass }
}
