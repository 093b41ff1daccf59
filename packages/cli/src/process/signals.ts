import { constants } from 'node:os'
import { CliError } from '../contract/errors.js'

/** The signals that end a command. */
export const WATCHED = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Hears the signals that would end this process, and has the program that it stands for end first. */
export class SignalWatch implements Disposable {
  readonly #interrupted = new AbortController()
  readonly #listeners = WATCHED.map((name) => [name, () => this.#hear(name)] as const)
  #receiver: ((signal: NodeJS.Signals) => void) | undefined
  /** The first signal that came while there was nobody to pass it to. */
  received: NodeJS.Signals | undefined

  constructor() {
    for (const [name, listener] of this.#listeners) process.on(name, listener)
  }

  /** Aborted by a signal that came while there was nobody to pass it to. */
  get interrupted(): AbortSignal {
    return this.#interrupted.signal
  }

  /** From now on signals are somebody else's. */
  passTo(receiver: (signal: NodeJS.Signals) => void): void {
    this.#receiver = receiver
  }

  throwIfInterrupted(): void {
    if (this.received !== undefined) throw this.asInterruption(undefined)
  }

  /** What ended the wait was a signal, whatever the wait has to say. */
  asInterruption(error: unknown): unknown {
    if (this.received === undefined) return error
    return new CliError('INTERRUPTED', `${this.received} came before the command was started.`, {
      cause: error,
      signal: this.received,
    })
  }

  [Symbol.dispose](): void {
    for (const [name, listener] of this.#listeners) process.off(name, listener)
  }

  #hear(name: NodeJS.Signals): void {
    if (this.#receiver) {
      // A terminal sends Ctrl-C to the whole foreground group: the program has had it already.
      if (name !== 'SIGINT' || !process.stdin.isTTY) this.#receiver(name)
      return
    }
    this.received ??= name
    this.#interrupted.abort()
  }
}

export const signalNumber = (name: NodeJS.Signals): number => constants.signals[name]
