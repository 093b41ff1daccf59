import { resolve } from 'node:path'
import { snapshot } from '@sqlite-efs/database/maintenance'
import type { Command } from 'commander'
import { addFileOption, addHoldOptions, addOutputOptions, type HoldOptions } from '../target/options.js'
import { withDatabase } from '../target/target.js'
import { formatBytes, formatTable } from '../terminal/format.js'
import { Output } from '../terminal/output.js'
import { ProgressLine } from '../terminal/progress.js'

interface SnapshotOptions extends HoldOptions {
  json?: boolean
}

const HELP = `
What it does:
  Copies the database as one commit left it, while writers go on. Somebody's commit makes it start anew; after
  three times it is copied under the lease, and writers wait for as long. The copy gets its name once it is
  verified: SQLite's integrity check, the number of rows of each table, and the fence.

What it needs:
  room for the copy, and permission to take the lease, which it does only where writers never pause.

What it risks:
  Nothing. A file that is there is never replaced, and whatever fails, no file is left behind; but SIGKILL, or the
  end of the host, leaves <file>.<12 hex digits>: delete it.

Examples:
  sqlite-efs snapshot --url /mnt/efs/app.db --table app-locks /backup/app-2026-11-25.db

Exit codes:
  0  the copy is there, and verified
  1  failed: no copy
  2  wrong usage`

export function addSnapshot(program: Command): void {
  const command = program
    .command('snapshot')
    .summary('a verified copy, while writers go on')
    .description('Copies the database into a new file that is consistent and verified.')
    .argument('<file>', 'the new file')
  addHoldOptions(addFileOption(command))
  addOutputOptions(command)
    .addHelpText('after', HELP)
    .action(async (file: string, { json = false, ...options }: SnapshotOptions) => {
      const output = new Output(json)
      const progress = new ProgressLine(output)
      const copy = await withDatabase(options, output, (database) =>
        snapshot(database, resolve(file), { onProgress: (step) => progress.report(step) }),
      ).finally(() => progress.end())
      const { path, bytes, rows, tries, heldLease } = copy
      const tables = Object.keys(rows).length
      const count = Object.values(rows).reduce((sum, each) => sum + each, 0)
      const how = heldLease ? ', under the lease' : tries > 1 ? `, at the ${tries}. try` : ''
      const summary = `${path} has ${formatBytes(bytes)}, ${count} rows in ${tables} tables, verified${how}.`
      const counts = Object.entries(rows).map(([table, each]) => [`  ${table}`, String(each)] as const)
      output.result(copy, counts.length === 0 ? summary : `${summary}\n${formatTable(counts)}`)
    })
}
