import { resolve } from 'node:path'
import { restore } from '@sqlite-efs/database/maintenance'
import type { Command } from 'commander'
import { addFileOption, addHoldOptions, addOutputOptions, FENCING_RISK, type HoldOptions } from '../target/options.js'
import { requirePath, withDatabase } from '../target/target.js'
import { confirm } from '../terminal/confirm.js'
import { formatBytes } from '../terminal/format.js'
import { Output } from '../terminal/output.js'
import { ProgressLine } from '../terminal/progress.js'

interface RestoreOptions extends HoldOptions {
  yes?: boolean
  json?: boolean
}

const HELP = `
What it does:
  Replaces the whole content of the live database by that of another file, in one transaction under the lease.
  Connections that are open anywhere go on, and see the new content at their next read. What was there before
  is kept beside the database, as <path>.before-restore-<time>. The fence does not go back.

What it needs:
  room beside the database for twice its size, memory for the larger of both, and dynamodb:GetItem and
  dynamodb:UpdateItem on the table.

What it risks:
  What was written since the file was copied is gone from the database: it is in the copy that is kept. So it
  asks first, on a terminal; elsewhere it needs --yes. Until its COMMIT nothing is changed, whatever fails.
  SIGKILL, or the end of the host, leaves <path>.before-restore-<time>.<12 hex digits>: delete it.
  ${FENCING_RISK}

Examples:
  sqlite-efs restore --url /mnt/efs/app.db --table app-locks /backup/app-2026-11-25.db
  sqlite-efs restore --url /mnt/efs/app.db --table app-locks /backup/app-2026-11-25.db --yes --json

Exit codes:
  0  restored, and verified
  1  failed or not confirmed: nothing was changed, unless the message says so
  2  wrong usage`

export function addRestore(program: Command): void {
  const command = program
    .command('restore')
    .summary("replace the live database's content by that of a copy")
    .description(
      'Replaces the content of the database by that of another database file, without breaking the connections that others have open.',
    )
    .argument('<file>', 'the database file to restore from; nobody may write it')
  addHoldOptions(addFileOption(command)).optionsGroup('Consent:').option('--yes', 'do not ask')
  addOutputOptions(command)
    .addHelpText('after', HELP)
    .action(async (file: string, { yes = false, json = false, ...options }: RestoreOptions) => {
      const output = new Output(json)
      const from = resolve(file)
      if (!yes) await confirm(`The content of ${requirePath(options)} would be replaced by that of ${from}.`)
      const progress = new ProgressLine(output)
      const restored = await withDatabase(options, output, (database) =>
        restore(database, from, { onProgress: (step) => progress.report(step) }),
      ).finally(() => progress.end())
      const { path, bytes, keptAt } = restored
      output.result(
        restored,
        `${path} has the content of ${from} now, ${formatBytes(bytes)}.\nWhat it had before is in ${keptAt}.`,
      )
    })
}
