import { resolve } from 'node:path'
import type { MigrationStatus } from '@sqlite-efs/database/migrations'
import { migrate, migrationStatus, resolveMigration } from '@sqlite-efs/database/migrations'
import type { Command } from 'commander'
import { CliError } from '../contract/errors.js'
import { EXIT, type SetExitCode } from '../contract/exit-codes.js'
import { addFileOption, addHoldOptions, addOutputOptions, FENCING_RISK, type HoldOptions } from '../target/options.js'
import { withDatabase } from '../target/target.js'
import { Output } from '../terminal/output.js'
import { deployedText, statusText } from './migrate-text.js'

interface MigrateOptions extends HoldOptions {
  migrations: string
  json?: boolean
}

interface ResolveOptions extends MigrateOptions {
  applied?: string
  rolledBack?: string
}

/** Another host may have a long migration under way. */
const DEPLOY_TIMEOUT_MS = 600_000

const DEPLOY_HELP = `
What it does:
  What "prisma migrate deploy" does, where that can't reach: it applies the migrations that the database does
  not have yet, in order, and keeps Prisma's own table _prisma_migrations. Each is one transaction, with its
  row in it; all are under one lease. Where there is no database it makes one. Of two that deploy at once, one
  works, and the other waits and finds nothing to do. Neither schema.prisma nor Prisma's engine is needed.

What it needs:
  the folder of migrations, and dynamodb:GetItem and dynamodb:UpdateItem on the table.

What it risks:
  Writers wait while a migration runs. One that fails leaves nothing but its row; those before it stay.
  ${FENCING_RISK}

Examples:
  sqlite-efs migrate deploy --url /mnt/efs/app.db --table app-locks
  sqlite-efs migrate deploy --migrations ./dist/migrations --json

Exit codes:
  0  the database has all migrations of the folder
  1  failed: MIGRATION_FAILED, MIGRATION_UNRESOLVED, MIGRATION_BASELINE_MISSING, MIGRATION_FILE_MISSING,
     MIGRATION_PROVIDER_MISMATCH
  2  wrong usage`

const STATUS_HELP = `
What it needs:
  to read the file and the folder of migrations, and to write the file's folder, where a journal of 512 bytes is
  made if the database has none. It takes no lease, unless a killed writer's journal has to be rolled back first.

Examples:
  sqlite-efs migrate status --url /mnt/efs/app.db --table app-locks

Exit codes:
  0  the database has all migrations of the folder
  1  it has not, one has failed, or it could not be looked at
  2  wrong usage`

const RESOLVE_HELP = `
What it does:
  Says of one migration how it came out, and runs nothing of it. --rolled-back: one that failed, whose cause is
  mended; the next deploy tries it again. --applied: one that was completed by hand, or that the database had
  before there was a record (a baseline).

What it needs:
  the folder of migrations, and dynamodb:GetItem and dynamodb:UpdateItem on the table.

What it risks:
  What is recorded is believed. Look at the database first.
  ${FENCING_RISK}

Examples:
  sqlite-efs migrate resolve --rolled-back 20261125101500_add_seat
  sqlite-efs migrate resolve --applied 20261101090000_init

Exit codes:
  0  recorded
  1  failed: MIGRATION_ALREADY_APPLIED, MIGRATION_NEVER_APPLIED, MIGRATION_NOT_FAILED, MIGRATION_NOT_FOUND
  2  wrong usage`

export function addMigrate(program: Command, setExitCode: SetExitCode): void {
  const migrate = program
    .command('migrate')
    .summary("Prisma's migrations, under the lease")
    .description("Applies and inspects the migrations of a Prisma project, as Prisma's own CLI does, under the lease.")
    .helpOption('-h, --help', 'this text')
    .helpCommand('help [command]', 'what a command does, needs and risks')
  addDeploy(migrate)
  addMigrationStatus(migrate, setExitCode)
  addResolve(migrate)
}

function addDeploy(parent: Command): void {
  const command = parent
    .command('deploy')
    .summary('apply what the database does not have yet')
    .description('Applies the migrations of a folder that the database does not have yet.')
  addMigrateOptions(command, DEPLOY_TIMEOUT_MS)
    .addHelpText('after', DEPLOY_HELP)
    .action(async ({ json = false, migrations, ...options }: MigrateOptions) => {
      const output = new Output(json)
      const { timeoutMs } = options
      const applied: string[] = []
      const result = await withDatabase(
        options,
        output,
        (database) =>
          migrate(database, resolve(migrations), {
            timeoutMs,
            onProgress: (step) => {
              if (step.type === 'applying') output.progress(step, `Applying migration \`${step.name}\``)
              else applied.push(step.name)
            },
          }),
        { soFar: () => (applied.length === 0 ? '' : `Applied before, and kept: ${applied.join(', ')}.`) },
      )
      output.result(result, deployedText(result, migrations))
    })
}

function addMigrationStatus(parent: Command, setExitCode: SetExitCode): void {
  const command = parent
    .command('status')
    .summary('which migrations the database has')
    .description('Compares the database with a folder of migrations.')
  addMigrateOptions(command)
    .addHelpText('after', STATUS_HELP)
    .action(async ({ json = false, migrations, ...options }: MigrateOptions) => {
      const output = new Output(json)
      const status = await withDatabase(options, output, (database) => migrationStatus(database, resolve(migrations)))
      output.result({ isUpToDate: isUpToDate(status), ...status }, statusText(status, migrations))
      if (!isUpToDate(status)) setExitCode(EXIT.failed)
    })
}

const isUpToDate = ({ pending, failed }: MigrationStatus) => pending.length === 0 && failed.length === 0

function addResolve(parent: Command): void {
  const command = parent
    .command('resolve')
    .summary('say how a migration came out')
    .description('Marks a migration as applied or as rolled back.')
    .optionsGroup('How it came out, one of the two:')
    .option('--applied <name>', 'it is in the database')
    .option('--rolled-back <name>', 'nothing of it is in the database')
  addMigrateOptions(command)
    .addHelpText('after', RESOLVE_HELP)
    .action(async ({ json = false, migrations, applied, rolledBack, ...options }: ResolveOptions) => {
      const name = applied ?? rolledBack
      if (name === undefined || (applied !== undefined && rolledBack !== undefined)) {
        throw new CliError('USAGE', 'How did it come out? Say one of --applied <name> and --rolled-back <name>.')
      }
      const output = new Output(json)
      const as = applied === undefined ? 'rolled-back' : 'applied'
      await withDatabase(options, output, (database) => resolveMigration(database, resolve(migrations), name, as))
      output.result(
        { migration: name, as },
        `Migration ${name} marked as ${as === 'applied' ? 'applied' : 'rolled back'}.`,
      )
    })
}

function addMigrateOptions(command: Command, timeoutMs?: number): Command {
  command
    .optionsGroup('The migrations:')
    .option('--migrations <folder>', 'the folder of migrations', 'prisma/migrations')
  addHoldOptions(addFileOption(command), timeoutMs)
  return addOutputOptions(command)
}
