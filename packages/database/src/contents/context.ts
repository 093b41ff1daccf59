import type { ContentProgress } from '../contract/content.js'
import type { DatabaseEvent } from '../contract/events.js'
import type { Connection } from '../file/connection.js'
import type { CheckedOptions } from '../file/options.js'
import type { LockWait } from '../file/retry-while-busy.js'
import type { LastingReaders } from '../read/lasting-readers.js'
import type { WriteTurn } from '../write/write-turn.js'

/** What the operations on a file's content need from it. */
export interface ContentContext {
  options: CheckedOptions
  /** The reads that last, which keep everybody from committing. */
  lastingReaders: LastingReaders
  /** A read-only connection that is its caller's own to close. */
  openReader(): Connection
  /** For reads: what a dead writer left is rolled back. */
  lockWait(): LockWait
  /** Ends the read window of this process. */
  closeWindow(): void
  /** Runs something in a turn to write of its own; a transaction that is left open by an error is rolled back. */
  inTurn<T>(what: string, timeoutMs: number, action: (turn: WriteTurn) => Promise<T>): Promise<T>
  tell(event: DatabaseEvent): void
}

/** Tells how far it is; a listener's failure must not end what it listens to. */
export type Progress = (phase: ContentProgress['phase'], donePages: number, pages: number) => void

export function progressTo(listener: ((progress: ContentProgress) => void) | undefined): Progress {
  return (phase, donePages, pages) => {
    try {
      listener?.({ phase, donePages, pages })
    } catch {
      // It is the listener's own affair.
    }
  }
}
