import { vacuum } from '@sqlite-efs/database/maintenance'
import type { Command } from 'commander'
import { addFileOption, addHoldOptions, addOutputOptions, FENCING_RISK, type HoldOptions } from '../target/options.js'
import { withDatabase } from '../target/target.js'
import { formatBytes } from '../terminal/format.js'
import { Output } from '../terminal/output.js'
import { ProgressLine } from '../terminal/progress.js'

interface VacuumOptions extends HoldOptions {
  json?: boolean
}

const HELP = `
What it does:
  Rebuilds the file without the pages that deleted rows left behind: SQLite's VACUUM, under the lease. Nobody
  can write meanwhile, and towards its end nobody can read.

What it needs:
  as much room as the file has in its folder, and once more in SQLite's temporary folder (SQLITE_TMPDIR, TMPDIR,
  /var/tmp): looked at before anything is done. dynamodb:GetItem and dynamodb:UpdateItem on the table.

What it risks:
  It may renumber the rows of tables without an INTEGER PRIMARY KEY. Writers wait for as long as it takes, and
  fail with P1008 where that is longer than they wait.
  ${FENCING_RISK}

Examples:
  sqlite-efs vacuum --url /mnt/efs/app.db --table app-locks

Exit codes:
  0  done
  1  failed: the content is what it was
  2  wrong usage`

export function addVacuum(program: Command): void {
  const command = program
    .command('vacuum')
    .summary('rebuild the file without what is unused in it')
    .description('Rebuilds the database file under the lease, so that it takes no more room than its content needs.')
  addHoldOptions(addFileOption(command))
  addOutputOptions(command)
    .addHelpText('after', HELP)
    .action(async ({ json = false, ...options }: VacuumOptions) => {
      const output = new Output(json)
      const progress = new ProgressLine(output)
      const result = await withDatabase(options, output, (database) =>
        vacuum(database, { onProgress: (step) => progress.report(step) }),
      ).finally(() => progress.end())
      const { bytesBefore, bytesAfter } = result
      output.result(result, `${formatBytes(bytesBefore)} before, ${formatBytes(bytesAfter)} now.`)
    })
}
