import { constants } from 'node:os'
import { CliError } from './errors.js'
import { exitCodeOfSignal } from './exit-codes.js'
import type { Output } from './output.js'

const WATCHED = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

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
    return new CliError('INTERRUPTED', `${this.received} came before the command was started.`, { cause: error })
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

/**
 * Has a signal end the process so that its `exit` handlers still run: they take unfinished files away. For what never
 * keeps the process from hearing a signal for long.
 */
export function exitOnSignals(output: Output): Disposable {
  const listeners = WATCHED.map((name) => [name, () => exitFor(name, output)] as const)
  for (const [name, listener] of listeners) process.on(name, listener)
  return {
    [Symbol.dispose]() {
      for (const [name, listener] of listeners) process.off(name, listener)
    },
  }
}

function exitFor(name: NodeJS.Signals, output: Output): never {
  output.error(
    new CliError('INTERRUPTED', `${name} ended it. A transaction that it had begun is rolled back by who comes next.`),
  )
  process.exit(exitCodeOfSignal(signalNumber(name)))
}

export const signalNumber = (name: NodeJS.Signals): number => constants.signals[name]
