import { hold } from '@sqlite-efs/database/maintenance'
import type { Command } from 'commander'
import { CliError } from '../contract/errors.js'
import { EXIT, exitCodeOfSignal, type SetExitCode } from '../contract/exit-codes.js'
import { Child, type ChildEnd } from '../process/child.js'
import { SignalWatch, signalNumber } from '../process/signals.js'
import {
  addFileOption,
  addHoldOptions,
  addOutputOptions,
  FENCING_RISK,
  type HoldOptions,
  milliseconds,
} from '../target/options.js'
import { withDatabase } from '../target/target.js'
import { Output } from '../terminal/output.js'

interface RunOptions extends HoldOptions {
  killAfterMs: number
  json?: boolean
}

const HELP = `
What it does:
  Waits for the lease, stores its ticket in the file, and starts the command, without a shell, with this
  terminal's input and output. The lease is renewed until the command ends; then the journal is put back where
  the command took it away, and the lease is released. SIGTERM, SIGHUP and SIGINT are passed on to the command
  (Ctrl-C on a terminal reaches it anyway). If the lease is lost, the command gets SIGTERM, and SIGKILL
  --kill-after-ms later. The command finds its ticket in $SQLITE_EFS_LEASE_TOKEN.

What it needs:
  dynamodb:GetItem and dynamodb:UpdateItem on the table, and a command that ends: all other writers wait for it.

What it risks:
  The lease keeps other writers out, and it does not change how the command writes. SQLite's default, journal
  mode DELETE, takes the journal away at each commit: if this host dies in the middle of one, other hosts on
  NFS may overlook what is half written, and the file is corrupted. So have the command use PERSIST, as below;
  where it can't (Prisma's own engine), the risk lasts as long as it runs: take a snapshot first.
  A command that starts others has to stop them itself. One that changes its user (sudo) may be out of reach of
  signals: the lease is held until it ends. Where sqlite-efs is killed by SIGKILL, or its host
  freezes for longer than the lease, the command goes on without it.
  ${FENCING_RISK}

Examples:
  sqlite-efs run --url /mnt/efs/app.db --table app-locks -- \\
    sqlite3 -cmd 'PRAGMA journal_mode=PERSIST' /mnt/efs/app.db
  sqlite-efs run --url /mnt/efs/app.db --table app-locks -- node_modules/.bin/prisma db push

With --json:
  what the command writes to stdout goes to stderr, so that stdout has the one document.

Exit codes:
  the command's own; 128 + n where signal n ended it
    2  wrong usage
  125  sqlite-efs failed: no lease in time, or the lease was lost while the command ran
  126  the command can't be started
  127  there is no such command`

export function addRun(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command('run')
    .summary('hold the lease while another program runs')
    .description("Holds the lease while another program writes the file: the sqlite3 shell, say, or Prisma's own CLI.")
    .usage('[options] -- <command> [args...]')
    .argument('<command>', 'what to run')
    .argument('[args...]', 'its arguments')
    .passThroughOptions()
  addHoldOptions(addFileOption(command))
    .optionsGroup('The command:')
    .option(
      '--kill-after-ms <ms>',
      'from SIGTERM to SIGKILL, when the lease is lost',
      milliseconds('--kill-after-ms'),
      2000,
    )
  addOutputOptions(command)
    .addHelpText('after', HELP)
    .action(async (name: string, args: string[], { json = false, ...options }: RunOptions) => {
      setExitCode(await runCommand([name, ...args], options, new Output(json)))
    })
}

async function runCommand(words: readonly string[], options: RunOptions, output: Output): Promise<number> {
  using signals = new SignalWatch()
  try {
    const { end, token } = await withDatabase(
      options,
      output,
      (database) =>
        hold(database, async (held) => {
          signals.throwIfInterrupted()
          const child = new Child(words, {
            token: held.token,
            stdout: output.isJson ? 'stderr' : 'inherit',
            onUnreachable: (message) => output.note(message),
          })
          signals.passTo((signal) => child.kill(signal))
          held.signal.addEventListener('abort', () => child.stop(options.killAfterMs), { once: true })
          if (held.signal.aborted) child.stop(options.killAfterMs)
          return { end: await child.end, token: held.token }
        }),
      { signal: signals.interrupted },
    )
    if (output.isJson) output.result({ token, ...end }, '')
    return exitCodeOf(end)
  } catch (error) {
    output.error(signals.asInterruption(error))
    return signals.received === undefined ? exitCodeOfError(error) : exitCodeOfSignal(signalNumber(signals.received))
  }
}

const exitCodeOf = ({ exitCode, signal }: ChildEnd): number =>
  signal === null ? (exitCode ?? EXIT.runFailed) : exitCodeOfSignal(signalNumber(signal))

function exitCodeOfError(error: unknown): number {
  if (!(error instanceof CliError)) return EXIT.runFailed
  if (error.code === 'USAGE') return EXIT.usage
  if (error.code === 'COMMAND_NOT_FOUND') return EXIT.notFound
  return error.code === 'COMMAND_NOT_EXECUTABLE' ? EXIT.notExecutable : EXIT.runFailed
}
