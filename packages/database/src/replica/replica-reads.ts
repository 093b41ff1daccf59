import type { Clock } from '@sqlite-efs/lease'
import type { Listeners } from '../contract/events.js'
import type { Connection, FileConnection } from '../engine/connection.js'
import { isConnectionDoubtful } from '../engine/sqlite-error.js'
import type { LastingRead } from '../read/lasting-read.js'
import type { ReadWindow } from '../read/read-window.js'
import { NO_READ, PLAIN_READ, type ReadOutcome } from '../read/waiting-reads.js'
import type { Copy } from './copy.js'
import type { OwnCommit } from './own-commit.js'
import { PinnedRead } from './pinned-read.js'
import type { Replica } from './replica.js'
import { type ValidatedRead, ValidatedReads } from './validated-reads.js'

/** What reads of a file work with. */
export interface ReplicaReadsContext {
  path: string
  clock: Clock
  listeners: Listeners
  window: ReadWindow
  replica: Replica
}

/** What tells of the file, and not of what is in it: of a copy it would say something else. PRAGMA integrity_check, say. */
const OF_THE_FILE = /pragma|sqlite_dbpage|dbstat/i

/** Reads a file from its replica where one READ shows that it is true, and in a read window otherwise. */
export class ReplicaReads {
  readonly #context: ReplicaReadsContext
  readonly #validated: ValidatedReads

  constructor(context: ReplicaReadsContext) {
    const { replica, path, clock, listeners } = context
    this.#context = context
    this.#validated = new ValidatedReads({
      clock,
      validated: () => replica.validated(),
      failed: (copy, error) => replica.copyFailed(copy, error),
      served: (reads, openMs) => listeners.tell({ type: 'read-window', by: 'replica', path, reads, openMs }),
    })
  }

  /** What reads for a statement: without a replica, or for one that asks for the file itself, the live file's window. */
  for(sql: string): Pick<ReadWindow, 'read'> {
    const { replica, window } = this.#context
    return replica.isOn && !OF_THE_FILE.test(sql) ? this : window
  }

  /**
   * Runs `action` on a true copy, or in a read window.
   *
   * @param outcomeOf says of the result what it was
   * @throws DatabaseError as {@link ReadWindow.read}
   */
  read<T>(action: (connection: Connection) => T, outcomeOf: (result: T) => ReadOutcome = () => PLAIN_READ): Promise<T> {
    const { replica } = this.#context
    if (!replica.isWorthValidating) return this.#readLive(action, outcomeOf)
    return new Promise((resolve, reject) => {
      this.#validated.add({
        run: (copy) => {
          try {
            const result = copy.read(action)
            resolve(result)
            return outcomeOf(result)
          } catch (error) {
            // What a damaged copy says, the live file need not say.
            if (isDamaged(copy, error)) throw error
            reject(error)
            return PLAIN_READ
          }
        },
        runLive: () => void this.#readLive(action, outcomeOf).then(resolve, reject),
      })
    })
  }

  /** Begins a read that lasts, on a copy that was found to be true; undefined, at once or later, where there is none. */
  begin(): Promise<LastingRead | undefined> | undefined {
    const { replica, path } = this.#context
    if (!replica.isWorthValidating) return undefined
    return new Promise((resolve) => {
      const pin = (copy: Copy) => resolve(new PinnedRead(path, copy))
      const request: ValidatedRead = {
        run: (copy) => {
          pin(copy)
          return PLAIN_READ
        },
        runLive: () => {
          void this.#trueUnderLock(pin).then(
            () => resolve(undefined),
            () => resolve(undefined),
          )
        },
      }
      this.#validated.add(request)
    })
  }

  async #trueUnderLock(action: (copy: Copy) => void): Promise<void> {
    const { replica, window } = this.#context
    await window.read(
      (connection) => {
        const copy = replica.trueUnderLock(connection)
        if (copy) action(copy)
      },
      () => NO_READ,
    )
  }

  #readLive<T>(action: (connection: Connection) => T, outcomeOf: (result: T) => ReadOutcome): Promise<T> {
    const { replica, window } = this.#context
    return window.read((connection) => {
      const copy = replica.trueUnderLock(connection)
      if (!copy) return action(connection)
      try {
        return copy.read(action)
      } catch (error) {
        if (!isDamaged(copy, error)) throw error
        replica.copyFailed(copy, error)
        return action(connection)
      }
    }, outcomeOf)
  }

  /** This process is about to commit: the next statement of an operation sees the file anew. See {@link Replica.beforeCommit}. */
  beforeCommit(connection: FileConnection): OwnCommit | undefined {
    this.#validated.stopLingering()
    return this.#context.replica.beforeCommit(connection)
  }

  /** This process has committed. See {@link Replica.committed}. */
  committed(own: OwnCommit | undefined): void {
    this.#context.replica.committed(own)
  }
}

const isDamaged = (copy: Copy, error: unknown) => copy.connection.doubt !== undefined || isConnectionDoubtful(error)
