import type { CheckResult } from '@sqlite-efs/database/maintenance'
import { checkCopy } from '@sqlite-efs/database/maintenance'
import type { Command } from 'commander'
import { EXIT, type SetExitCode } from '../contract/exit-codes.js'
import { addFileOption, addHoldOptions, addOutputOptions, type HoldOptions } from '../target/options.js'
import { withDatabase } from '../target/target.js'
import { formatBytes } from '../terminal/format.js'
import { Output } from '../terminal/output.js'
import { ProgressLine } from '../terminal/progress.js'

interface CheckOptions extends HoldOptions {
  json?: boolean
}

const HELP = `
What it does:
  Copies the database as one commit left it into SQLite's temporary folder, while writers go on, and has SQLite
  check the copy: its integrity (every page, row and index) and its foreign keys. The copy is deleted. In place
  the check would be one long read, for which every commit waits. A commit by another process makes the copy start again;
  after three times it is made under the lease, and writers wait for as long. The check itself keeps no one waiting.

What it needs:
  room for the copy in $SQLITE_TMPDIR, $TMPDIR or /var/tmp; to read the file, and to write its folder: where the
  database has no journal yet, as a copy has none, one of 512 bytes is made. It takes the lease only where writers
  never pause, or where a dead writer's journal has to be rolled back first.

What it can't find:
  a value that was changed in place: SQLite keeps no checksums.

Examples:
  sqlite-efs check --url /mnt/efs/app.db --table app-locks
  sqlite-efs check --url /mnt/efs/app.db --table app-locks --json | jq -r '.problems[].what'

Exit codes:
  0  nothing is wrong
  1  failed: it could not be checked
  2  wrong usage
  3  foreign keys alone: rows point to rows that are not there
  4  the file is damaged`

export function addCheck(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command('check')
    .summary('check every page, index and foreign key, while writers go on')
    .description('Checks the integrity and the foreign keys of the whole database, and changes nothing.')
  addHoldOptions(addFileOption(command))
  addOutputOptions(command)
    .addHelpText('after', HELP)
    .action(async ({ json = false, ...options }: CheckOptions) => {
      const output = new Output(json)
      const progress = new ProgressLine(output)
      const result = await withDatabase(options, output, (database) =>
        checkCopy(database, { onProgress: (step) => progress.report(step) }),
      ).finally(() => progress.end())
      output.result(result, checkText(result))
      setExitCode(exitCodeOf(result))
    })
}

const isDamaged = ({ problems }: CheckResult) => problems.some(({ kind }) => kind === 'integrity')

function exitCodeOf(result: CheckResult): number {
  if (isDamaged(result)) return EXIT.errors
  return result.problems.length > 0 ? EXIT.warnings : EXIT.good
}

function checkText(result: CheckResult): string {
  const { path, pages, bytes, problems, tries, heldLease } = result
  const how = heldLease ? ', under the lease' : tries > 1 ? `, at try ${tries}` : ''
  const size = `${pages} pages, ${formatBytes(bytes)}${how}`
  if (problems.length === 0) return `${path} is in order: ${size}; integrity and foreign keys.`
  const lines = problems.map(({ kind, what }) => `  ${kind}: ${what}`)
  const wayOut = isDamaged(result)
    ? 'Stop the writers, keep the file and its journal, and restore a snapshot: docs/operations.md, "The file is damaged".'
    : 'Give these rows what they point to, or delete them. Writers had PRAGMA foreign_keys off, or were other programs.'
  return [`${path} (${size}) has problems:`, ...lines, `  -> ${wayOut}`].join('\n')
}
