/** What serves more operations does not linger: what their reader does between two statements adds up, and they share the next window anyway. */
export const MAX_LINGERING = 32

/** A microtask that fake timers leave alone. */
const microtask = (run: () => void) => void DONE.then(run)
const DONE = Promise.resolve()

/**
 * Keeps a read window open for some microtasks, for the next statement of the same operation.
 *
 * The window opens in a separate turn of the event loop, when no microtask is left. So those that run while it lingers all
 * come from the reads that it served, and what is asked of it belongs to one of their operations. A single operation can be followed
 * for as long as it reads. Of several, one may be done: its caller's own code must not run before the window is closed, however
 * long the others read.
 */
export class Linger {
  #left = 0
  #isRunning = false

  /** Begins to count, and calls `close` when this many microtasks have passed. */
  start(microtasks: number, close: () => void): void {
    this.#left = microtasks
    if (this.#isRunning) return
    this.#isRunning = true
    const pass = () => {
      if (this.#left-- > 0) return microtask(pass)
      this.#isRunning = false
      close()
    }
    microtask(pass)
  }

  /** The window is closed: there is nothing to count for. */
  stop(): void {
    this.#left = 0
  }
}
