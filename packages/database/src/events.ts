/** What happens to a file in this process, as it happens. No SQL and no values are ever in it. */
export type DatabaseEvent =
  /** A transaction is on disk. */
  | { type: 'commit'; path: string; token: number; statements: number; commitMs: number }
  /** The lease, or the file as it was read, was lost before COMMIT: nothing was written. */
  | { type: 'conflict'; path: string; token: number }
  /** What a dead writer left was rolled back, because a reader met it or `recover()` was called. */
  | { type: 'recovery'; path: string; token: number }
  /** A journal that somebody else took away was put back: a program in DELETE mode uses the file, and endangers it. */
  | { type: 'journal-restored'; path: string; token: number }

/** Hears of {@link DatabaseEvent}s. What it throws is ignored. */
export type DatabaseListener = (event: DatabaseEvent) => void

/** Tells all who listen. */
export class Listeners {
  readonly #listeners = new Set<DatabaseListener>()

  add(listener: DatabaseListener | undefined): void {
    if (listener) this.#listeners.add(listener)
  }

  remove(listener: DatabaseListener | undefined): void {
    if (listener) this.#listeners.delete(listener)
  }

  tell(event: DatabaseEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch {
        // A listener's failure must not cost anybody a write.
      }
    }
  }
}
