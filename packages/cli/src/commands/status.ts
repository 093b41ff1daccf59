import { setTimeout } from 'node:timers'
import type { Command } from 'commander'
import { EXIT, type SetExitCode } from '../contract/exit-codes.js'
import { type Status, type StatusTarget, statusTargetOf, takeStatus, Watcher } from '../status/status.js'
import { statusText } from '../status/status-text.js'
import { addFileOption, addLeaseOptions, addOutputOptions, type LeaseOptions, milliseconds } from '../target/options.js'
import { lineInWords } from '../target/target.js'
import { noAnswerFrom, saysWaiting } from '../target/waiting.js'
import { Output } from '../terminal/output.js'
import { stdoutClosed } from '../terminal/pipes.js'

interface StatusOptions extends LeaseOptions {
  watch?: boolean
  intervalMs: number
  json?: boolean
}

const HELP = `
What it needs:
  dynamodb:GetItem on the table, and to read the file and its folder. It takes no lease and no lock, and
  writes nothing. Without the file at hand (on a laptop, say) give the --key alone.

What it can't tell:
  The item in DynamoDB does not say since when the lease is held, or for how long somebody has waited. With
  --watch you see since when this command has seen them there.

Examples:
  sqlite-efs status --url /mnt/efs/app.db --table app-locks
  sqlite-efs status --key database#/mnt/efs/app.db --table app-locks --watch
  sqlite-efs status --url /mnt/efs/app.db --local --json

Exit codes:
  0  both were looked at
  1  the lease or the file could not be looked at; what is known of the other is shown all the same
  2  wrong usage`

export function addStatus(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command('status')
    .summary('who holds the lease, who waits, and what the file says')
    .description(
      'Shows who holds the lease and until when, who waits for it, who was taken out of the line last, the fence in the file, and the state of its journal.',
    )
  addLeaseOptions(addFileOption(command))
    .optionsGroup('What to show:')
    .option('--watch', 'look again and again, until Ctrl-C; with --json one document a line')
    .option('--interval-ms <ms>', 'how long to pause between two looks', milliseconds('--interval-ms'), 1000)
  addOutputOptions(command)
    .addHelpText('after', HELP)
    .action(async (options: StatusOptions) => {
      const output = new Output(options.json ?? false)
      const watcher = new Watcher()
      const target = statusTargetOf(options)
      try {
        if (options.watch) return await watch(target, options.intervalMs, watcher, output)
        const status = await saysWaiting(output, noAnswerFrom(lineInWords(target)), () => takeStatus(target, watcher))
        output.result(status, statusText(status))
        if ('error' in status.lease) output.hint(status.lease.error)
        if (isIncomplete(status)) setExitCode(EXIT.failed)
      } finally {
        await target.leaser.close()
      }
    })
}

const isIncomplete = ({ file, lease }: Status) => (file && 'error' in file) || 'error' in lease

/** Shows each look, on a terminal in the place of the one before, until nobody reads it any more. */
async function watch(target: StatusTarget, intervalMs: number, watcher: Watcher, output: Output): Promise<void> {
  const redraw = process.stdout.isTTY ? '\u001b[H\u001b[2J' : ''
  while (!stdoutClosed.aborted) {
    const status = await takeStatus(target, watcher)
    output.result(status, `${redraw}${statusText(status)}${redraw ? '' : '\n'}`)
    await new Promise((resolve) => setTimeout(resolve, intervalMs))
  }
}
