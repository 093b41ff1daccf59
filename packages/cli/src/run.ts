import { CommanderError } from 'commander'
import { CliError, commandLineError } from './contract/errors.js'
import { EXIT, exitCodeOfSignal } from './contract/exit-codes.js'
import { loadEnvironment } from './environment.js'
import { signalNumber } from './process/signals.js'
import { createProgram } from './program.js'
import { Output } from './terminal/output.js'
import { outliveReaders } from './terminal/pipes.js'

/** Runs one command line, and says what the process is to end with. */
export async function run(argv: readonly string[]): Promise<number> {
  outliveReaders()
  const separator = argv.indexOf('--')
  const own = separator === -1 ? argv : argv.slice(0, separator)
  const output = new Output(own.includes('--json'))
  try {
    loadEnvironment()
    let exitCode: number = EXIT.good
    const program = createProgram((code) => {
      exitCode = code
    })
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      output.error(error)
      return exitCodeOf(error)
    }
    if (error.exitCode === 0) return EXIT.good
    // Called with no command at all, commander has shown the help already.
    if (error.code !== 'commander.help') output.error(commandLineError(error.message.replace(/^error: /, '')))
    return EXIT.usage
  }
}

function exitCodeOf(error: unknown): number {
  if (!(error instanceof CliError)) return EXIT.failed
  if (error.signal !== undefined) return exitCodeOfSignal(signalNumber(error.signal))
  return error.code === 'USAGE' ? EXIT.usage : EXIT.failed
}
