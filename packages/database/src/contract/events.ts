import type { LeaseErrorCode } from '@sqlite-efs/lease'

/**
 * Why a transaction met a conflict.
 *
 * - A `LeaseErrorCode`: what became of the lease; `LEASE_LOST` where it ran out or was taken over.
 * - `SUPERSEDED`: newer tickets were found in the file again and again.
 * - `FILE_CHANGED`: somebody else wrote after a deferred transaction had read.
 * - `FILE_REPLACED`: another file stands at the path, or none.
 */
export type ConflictCode = LeaseErrorCode | 'SUPERSEDED' | 'FILE_CHANGED' | 'FILE_REPLACED'

/**
 * What happens to a file in this process, as it happens. `path` is the file's, `token` the ticket of the lease; times are
 * milliseconds. No SQL, no value and no message that might quote one is ever in it.
 */
export type DatabaseEvent =
  /**
   * A transaction is on disk: `statements` of them changed `rows` rows, those changed by triggers and foreign keys
   * included, and left a database of `fileBytes`. It waited `waitedMs` from the queueing of its first write until it had
   * the lease and SQLite's write lock, was open for `openMs`, and took `commitMs` to commit: the guard, the wait for
   * readers, and COMMIT. How many pages it wrote SQLite does not say (docs/observability.md).
   */
  | {
      type: 'commit'
      path: string
      token: number
      statements: number
      rows: number
      fileBytes: number
      waitedMs: number
      openMs: number
      commitMs: number
    }
  /** The lease, or the file as it was read, was lost before COMMIT: nothing was written. `code` says which. */
  | { type: 'conflict'; path: string; token: number; code: ConflictCode }
  /**
   * What a dead writer left was rolled back. `cause` says for whom: a `read` that met it, or a call of `recover()`. It waited
   * `waitedMs` for its turn, and took `durationMs` to roll back. A writer rolls back as it begins, and cannot tell.
   */
  | {
      type: 'recovery'
      path: string
      token: number
      cause: 'read' | 'recover'
      waitedMs: number
      durationMs: number
    }
  /**
   * A read window was closed: `reads` shared it, and it was open for `openMs`. 0 where a statement was only compiled. `by` says what it was
   * read under: SQLite's shared lock, or one READ that showed the replica to be true.
   */
  | { type: 'read-window'; path: string; by: 'lock' | 'replica'; reads: number; openMs: number }
  /**
   * The replica is true again: `pages` of `bytes` together were copied in `durationMs`, by the pages that one commit has changed, as a whole, or
   * with what this process has committed itself. `why` says what there was before: no copy yet, one commit, or several.
   */
  | {
      type: 'replica-refreshed'
      path: string
      how: 'delta' | 'whole' | 'own'
      why: 'first' | 'commit' | 'gap'
      pages: number
      bytes: number
      durationMs: number
    }
  /** Reads are of the live file, until something is tried again. `code` is the system's, where it has one. */
  | { type: 'replica-off'; path: string; reason: ReplicaOffReason; code?: string }
  /** A journal that somebody else took away was put back: a program in DELETE mode uses the file, and endangers it. */
  | { type: 'journal-restored'; path: string; token: number }

/** The event of a replica that is true again. */
export type ReplicaRefreshedEvent = Extract<DatabaseEvent, { type: 'replica-refreshed' }>

/**
 * Why reads are not answered by a replica.
 *
 * - `too large`: the database is larger than `maxBytes`.
 * - `error`: the live file or the copy could not be read or written. It is tried again after 10 seconds.
 */
export type ReplicaOffReason = 'too large' | 'error'

/** Hears of {@link DatabaseEvent}s. What it throws is ignored. */
export type DatabaseListener = (event: DatabaseEvent) => void

/** Tells all who listen. */
export class Listeners {
  /** And how many users of the file listen with each. */
  readonly #listeners = new Map<DatabaseListener, number>()

  /** Whether it is worth while to make an event. */
  get isHeard(): boolean {
    return this.#listeners.size > 0
  }

  add(listener: DatabaseListener | undefined): void {
    if (listener) this.#listeners.set(listener, (this.#listeners.get(listener) ?? 0) + 1)
  }

  remove(listener: DatabaseListener | undefined): void {
    if (!listener) return
    const left = (this.#listeners.get(listener) ?? 0) - 1
    if (left > 0) this.#listeners.set(listener, left)
    else this.#listeners.delete(listener)
  }

  tell(event: DatabaseEvent): void {
    for (const listener of this.#listeners.keys()) {
      try {
        listener(event)
      } catch {
        // A listener's failure must not cost anybody a write.
      }
    }
  }
}
