import type { Command } from 'commander'
import { addFileOption, addLeaseOptions, addOutputOptions, type LeaseOptions, ticketNumber } from '../target/options.js'
import { leaseTargetOf, lineInWords } from '../target/target.js'
import { noAnswerFrom, saysWaiting } from '../target/waiting.js'
import { formatMoment } from '../terminal/format.js'
import { Output } from '../terminal/output.js'

interface ReleaseOptions extends LeaseOptions {
  ticket: number
  force?: boolean
  json?: boolean
}

const HELP = `
When to use it:
  Hardly ever: who asks next takes a dead holder out of the line by itself, once its time is over. This is for
  a host that is gone for good while its time goes on.

What it needs:
  dynamodb:GetItem and dynamodb:UpdateItem on the table. Not the file: the --key alone will do.

What it risks:
  Nothing without --force: the contender is taken out on the same condition on which a waiter would, that its
  time is over and that it has not renewed since. With --force one that is alive may go on writing until it
  notices, up to half of its lease, while somebody else writes too; then the fence in the file stops its next
  commit. A file lock that a dead host left does not go away by it.

Examples:
  sqlite-efs status --url /mnt/efs/app.db --table app-locks
  sqlite-efs release --url /mnt/efs/app.db --table app-locks --ticket 4711

Exit codes:
  0  it is out of the line
  1  failed: CONTENDER_ALIVE where it must be presumed alive, NO_SUCH_TICKET where it is not in the line
  2  wrong usage`

export function addRelease(program: Command): void {
  const command = program
    .command('release')
    .summary('take a dead contender out of the line')
    .description('Takes one contender out of the line for the lease, by its ticket, which "sqlite-efs status" shows.')
  addLeaseOptions(addFileOption(command))
    .optionsGroup('Whom:')
    .requiredOption('--ticket <number>', 'the ticket of the contender', ticketNumber('--ticket'))
    .option('--force', 'one that must be presumed alive, too: see what it risks, below')
  addOutputOptions(command)
    .addHelpText('after', HELP)
    .action(async ({ ticket, force = false, json = false, ...options }: ReleaseOptions) => {
      const output = new Output(json)
      const target = leaseTargetOf(options)
      const { leaser, key } = target
      const swept = await saysWaiting(output, noAnswerFrom(lineInWords(target)), () =>
        leaser.sweep(key, ticket, { force }),
      )
      const { owner, aliveUntilMs } = swept
      const text = `${owner || '(no name)'}, ticket ${ticket}, is out of the line for ${key}. It was to be presumed alive until ${formatMoment(aliveUntilMs, Date.now())}.`
      output.result({ key, swept }, text)
    })
}
