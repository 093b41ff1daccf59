import type { ContentProgress } from '../contract/content.js'
import type { Listeners } from '../contract/events.js'
import type { LockWait } from '../engine/retry-while-busy.js'
import type { FileOpener } from '../file/file-opener.js'
import type { CheckedOptions } from '../file/options.js'
import type { LastingReaders } from '../read/lasting-readers.js'
import type { ReadWindow } from '../read/read-window.js'
import type { TurnWanted } from '../write/job.js'
import type { WriteTurn } from '../write/write-turn.js'

/** What the operations on a file's content need from it. */
export interface ContentContext {
  options: CheckedOptions
  listeners: Listeners
  opener: FileOpener
  /** The reads that last, which keep everybody from committing. */
  readers: LastingReaders
  /** The reads of this process. */
  window: Pick<ReadWindow, 'closeWindow'>
  /** Gives turns to write; a transaction that an error leaves open is rolled back. */
  scheduler: { inTurn<T>(wanted: TurnWanted, action: (turn: WriteTurn) => Promise<T>): Promise<T> }
  /** For reads: what a dead writer left is rolled back. */
  lockWait(): LockWait
}

/** Runs something in a turn to write of its own. */
export function inTurn<T>(
  { scheduler }: ContentContext,
  what: string,
  timeoutMs: number,
  action: (turn: WriteTurn) => Promise<T>,
): Promise<T> {
  return scheduler.inTurn({ what, timeoutMs, timeoutOption: 'lease.timeoutMs' }, action)
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
