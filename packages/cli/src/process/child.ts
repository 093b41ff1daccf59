import { type ChildProcess, spawn } from 'node:child_process'
import { clearTimeout, setTimeout } from 'node:timers'
import { CliError } from '../contract/errors.js'

/** How a program ended: one of the two is null. */
export interface ChildEnd {
  exitCode: number | null
  signal: NodeJS.Signals | null
}

/** What a program is given. */
interface ChildOptions {
  /** Its ticket, for who compares it where it writes. */
  token: number
  /** Where its stdout goes: `stderr` keeps ours free. */
  stdout: 'inherit' | 'stderr'
  /** Hears that a signal did not reach it. */
  onUnreachable: (message: string) => void
}

/** A program that runs on this process's terminal, started without a shell. */
export class Child {
  /** @throws CliError `COMMAND_NOT_FOUND`, `COMMAND_NOT_EXECUTABLE` */
  readonly end: Promise<ChildEnd>
  readonly #process: ChildProcess

  /** @param start - only tests give another one */
  constructor(
    [command = '', ...args]: readonly string[],
    { token, stdout, onUnreachable }: ChildOptions,
    start: typeof spawn = spawn,
  ) {
    this.#process = start(command, args, {
      shell: false,
      stdio: ['inherit', stdout === 'stderr' ? 2 : 'inherit', 'inherit'],
      env: { ...process.env, SQLITE_EFS_LEASE_TOKEN: String(token) },
    })
    this.end = new Promise((resolve, reject) => {
      this.#process.on('error', (error) => {
        if (this.#process.pid === undefined) reject(notStarted(command, error))
        // It runs, and has changed its user, say: it is over when it ends, and no sooner.
        else onUnreachable(`A signal did not reach ${JSON.stringify(command)}, which goes on: ${error.message}`)
      })
      this.#process.once('exit', (exitCode, signal) => resolve({ exitCode, signal }))
    })
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  /** Asks it to end, and has it ended if it does not. */
  stop(killAfterMs: number): void {
    this.kill('SIGTERM')
    const timer = setTimeout(() => this.kill('SIGKILL'), killAfterMs)
    this.#process.once('exit', () => clearTimeout(timer))
  }
}

function notStarted(command: string, error: NodeJS.ErrnoException): CliError {
  if (error.code === 'ENOENT') {
    return new CliError('COMMAND_NOT_FOUND', `There is no command ${JSON.stringify(command)}.`, { cause: error })
  }
  return new CliError('COMMAND_NOT_EXECUTABLE', `${JSON.stringify(command)} can't be started: ${error.message}`, {
    cause: error,
  })
}
