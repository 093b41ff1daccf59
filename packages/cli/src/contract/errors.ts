import { OptionChecker } from '@sqlite-efs/lease/internal'

/**
 * What the command line itself has to say; what the file or the lease is to blame for comes as a `DatabaseError` or a
 * `LeaseError`.
 *
 * - `USAGE`: a command, an option or a value that can't be used, or one that is missing.
 * - `NOT_CONFIRMED`: what replaces the live content was not confirmed.
 * - `COMMAND_NOT_FOUND`: there is no such program to run.
 * - `COMMAND_NOT_EXECUTABLE`: the program to run is there, and can't be started.
 * - `INTERRUPTED`: a signal ended it before it was done: out of the line, or with a rollback.
 */
export type CliErrorCode = 'USAGE' | 'NOT_CONFIRMED' | 'COMMAND_NOT_FOUND' | 'COMMAND_NOT_EXECUTABLE' | 'INTERRUPTED'

/** The one error of this package; `code` says which. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly code: CliErrorCode
  /** The signal that ended the command, where one did. */
  readonly signal: NodeJS.Signals | undefined

  constructor(code: CliErrorCode, message: string, options?: ErrorOptions & { signal?: NodeJS.Signals }) {
    super(message, options)
    this.code = code
    this.signal = options?.signal
  }
}

/** Checks options of the command line, and of the packages by their names here: `--ttl-ms` for `ttlMs`. */
export const check = new OptionChecker((message, _, cause) => commandLineError(message, cause), flagOf)

/** A command line that can't be read: the message points to the help that has all of it. */
export function commandLineError(message: string, cause?: unknown): CliError {
  return new CliError('USAGE', `${message}\nSee --help of the command for what it takes.`, { cause })
}

function flagOf(option: string): string {
  if (option.startsWith('--')) return option
  if (option === 'tableName') return '--table'
  return `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}
