import { canonicalPath } from '@sqlite-efs/database/internal'
import type { Command } from 'commander'
import type { SetExitCode } from '../contract/exit-codes.js'
import { examine } from '../doctor/examine.js'
import { exitCodeOf, type Finding } from '../doctor/finding.js'
import { addFileOption, addLeaseOptions, addOutputOptions, type LeaseOptions } from '../target/options.js'
import { leaseTargetOf, lineInWords, requirePath } from '../target/target.js'
import { noAnswerFrom, saysWaiting } from '../target/waiting.js'
import { Output } from '../terminal/output.js'

interface DoctorOptions extends LeaseOptions {
  verbose?: boolean
  json?: boolean
}

const HELP = `
What it looks at:
  the file system and how it is mounted, the folder and the room in it, the file's size, journal and journal mode,
  what WAL mode and killed commands left, who maps the file into memory, the fence and the table's tickets, the
  table and the permissions on it one by one, this machine's clock against DynamoDB's, the versions of SQLite
  and libsql.

What it does not look at:
  the pages of the database: "sqlite-efs check" does.

What it needs:
  to run where the application runs, as the same user and with the same credentials. It takes no lease and no
  lock, and writes nothing.

Examples:
  sqlite-efs doctor --url /mnt/efs/app.db --table app-locks
  sqlite-efs doctor --url /mnt/efs/app.db --table app-locks --json | jq '.findings[] | select(.severity == "error")'

Exit codes:
  0  all is well, notes included
  1  failed before it could look
  2  wrong usage
  3  warnings: something will give trouble
  4  errors: something loses data, or keeps everybody from writing`

export function addDoctor(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command('doctor')
    .summary('look for everything that could go wrong, with the way out')
    .description(
      'Examines the file, the file system, the lease table and this machine, and says of each what is wrong with it and what to do.',
    )
  addLeaseOptions(addFileOption(command))
    .optionsGroup('What to show:')
    .option('--verbose', 'what is well too; with --json all is shown always')
  addOutputOptions(command)
    .addHelpText('after', HELP)
    .action(async ({ json = false, verbose = false, ...options }: DoctorOptions) => {
      const output = new Output(json)
      const path = canonicalPath(requirePath(options))
      const target = leaseTargetOf(options)
      const findings = await saysWaiting(output, noAnswerFrom(lineInWords(target)), () => examine(path, target))
      const shown = findings.filter(({ severity }) => verbose || severity !== 'ok')
      const text = [...shown.map(findingText), summary(findings)].join('\n')
      output.result({ findings, worst: worstOf(findings) }, text)
      setExitCode(exitCodeOf(findings))
    })
}

const SEVERITIES = ['error', 'warning', 'note', 'ok'] as const

const worstOf = (findings: readonly Finding[]) =>
  SEVERITIES.find((severity) => findings.some((it) => it.severity === severity)) ?? 'ok'

function findingText({ check, severity, what, wayOut }: Finding): string {
  const text = `${severity.toUpperCase().padEnd(7)}  ${check}: ${what}`
  return wayOut === undefined ? text : `${text}\n         -> ${wayOut}`
}

function summary(findings: readonly Finding[]): string {
  const counts = SEVERITIES.map((severity) => {
    const count = findings.filter((it) => it.severity === severity).length
    return severity === 'ok' ? `${count} well` : `${count} ${severity}${count === 1 ? '' : 's'}`
  })
  return `${findings.length} checks: ${counts.join(', ')}.`
}
