import { setTimeout } from 'node:timers'
import { DatabaseError } from '@sqlite-efs/database'
import { LeaseError } from '@sqlite-efs/lease'
import { CliError } from '../contract/errors.js'
import { exitCodeOfSignal } from '../contract/exit-codes.js'
import type { Output } from '../terminal/output.js'
import { signalNumber, WATCHED } from './signals.js'

/** How long a command may take to stop by itself. Containers are killed 10 s after SIGTERM or later. */
const GRACE_MS = 5_000

/** Where a command stands when a signal comes. */
type Phase =
  /** It has not asked for the lease yet, and so has changed nothing. */
  | 'before'
  /** It waits for the lease. */
  | 'line'
  /** It has the lease, or had it. */
  | 'work'

/**
 * Ends one command when a signal comes: at once where it has not asked for the lease; out of the line where it waits; and in the
 * middle of its work before its next COMMIT, so that it rolls back and releases the lease by itself. A second signal, and the end
 * of a grace period, end the process at once; what is half done then is rolled back by the next writer.
 */
export class Interruption implements Disposable {
  readonly #controller = new AbortController()
  readonly #output: Output
  readonly #listeners = WATCHED.map((name) => [name, () => this.#hear(name)] as const)
  #received: { name: NodeJS.Signals; phase: Phase } | undefined
  #phase: Phase = 'before'

  constructor(output: Output) {
    this.#output = output
    for (const [name, listener] of this.#listeners) process.on(name, listener)
  }

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Called when the lease is asked for. */
  enterLine(): void {
    if (this.#phase === 'before') this.#phase = 'line'
  }

  /** Called when the lease is acquired. */
  beginWork(): void {
    this.#phase = 'work'
  }

  /**
   * The error of the command in the words of the interruption, where that caused it; any other error as it is.
   *
   * @param soFar - what the command has done already, as a sentence
   */
  asInterruption(error: unknown, soFar = ''): unknown {
    if (!this.#received || !isCausedBySignal(error)) return error
    const { name, phase } = this.#received
    const done = soFar === '' ? '' : ` ${soFar}`
    if (phase !== 'work') {
      const message = `${name} came while this waited for the lease: it has left the line, and nothing was done.${done}`
      return new CliError('INTERRUPTED', message, { cause: error, signal: name })
    }
    const outcome = error instanceof DatabaseError ? error.message : 'What it was at was not begun.'
    const message = `${name} came in the middle of the work: the lease is given back. ${outcome}${done}`
    return new CliError('INTERRUPTED', message, { cause: error, signal: name })
  }

  [Symbol.dispose](): void {
    for (const [name, listener] of this.#listeners) process.off(name, listener)
  }

  #hear(name: NodeJS.Signals): void {
    if (this.#received || this.#phase === 'before') this.#exit(name)
    this.#received = { name, phase: this.#phase }
    if (this.#phase === 'line') this.#output.note(`${name}: leaving the line.`)
    else this.#output.note(`${name}: stopping before the next COMMIT. Once more ends it at once.`)
    const reason = new LeaseError('LEASE_LOST', `${name} came`)
    this.#controller.abort(reason)
    setTimeout(() => this.#exit(name), GRACE_MS).unref()
  }

  #exit(name: NodeJS.Signals): never {
    const half = 'What it had begun is rolled back by the next writer, and its place in the line ends with its time.'
    const message = `${name} ended it. ${this.#phase === 'before' ? 'The database was not changed.' : half}`
    this.#output.error(new CliError('INTERRUPTED', message, { signal: name }))
    process.exit(exitCodeOfSignal(signalNumber(name)))
  }
}

function isCausedBySignal(error: unknown): boolean {
  if (error instanceof LeaseError) return error.code === 'LEASE_ABORTED' || error.code === 'LEASE_LOST'
  return error instanceof DatabaseError && error.code === 'WRITE_CONFLICT'
}
