import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { addCheck } from './commands/check.js'
import { addCreateTable } from './commands/create-table.js'
import { addDoctor } from './commands/doctor.js'
import { addIam } from './commands/iam.js'
import { addMigrate } from './commands/migrate.js'
import { addRelease } from './commands/release.js'
import { addRestore } from './commands/restore.js'
import { addRun } from './commands/run.js'
import { addSnapshot } from './commands/snapshot.js'
import { addStatus } from './commands/status.js'
import { addVacuum } from './commands/vacuum.js'
import type { SetExitCode } from './contract/exit-codes.js'

/** The width of a help text that no terminal limits. */
export const HELP_WIDTH = 100

const ABOUT = `Looks after one SQLite file on Amazon EFS that many processes write under a lease on one DynamoDB item.

Every command takes the database from --url or $DATABASE_URL, and the lease's table from --table or $SQLITE_LOCK_DYNAMODB_TABLE. A file .env in the working directory is read too; variables that are set already win. Region, credentials and endpoint are the AWS SDK's: $AWS_REGION, $AWS_PROFILE, $AWS_ENDPOINT_URL_DYNAMODB and so on.`

const EXIT_CODES = `
Exit codes:
  0  done
  1  failed: the code and the reason are on stderr
  2  wrong usage
  "check", "doctor" and "run" have more: see their --help.

Examples:
  sqlite-efs status --url /mnt/efs/app.db --table app-locks
  sqlite-efs doctor --url /mnt/efs/app.db --table app-locks
  sqlite-efs help migrate`

/** All commands. */
export function createProgram(setExitCode: SetExitCode): Command {
  const program = new Command('sqlite-efs')
  program
    .description(ABOUT)
    .version(ownVersion(), '-V, --version', 'the version')
    .helpOption('-h, --help', 'this text')
    .helpCommand('help [command]', 'what a command does, needs and risks')
    .addHelpText('after', EXIT_CODES)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      outputError: () => undefined,
      getOutHelpWidth: () => process.stdout.columns ?? HELP_WIDTH,
      getErrHelpWidth: () => process.stderr.columns ?? HELP_WIDTH,
    })
  addStatus(program, setExitCode)
  addDoctor(program, setExitCode)
  addCheck(program, setExitCode)
  addRun(program, setExitCode)
  addRelease(program)
  addSnapshot(program)
  addRestore(program)
  addVacuum(program)
  addMigrate(program, setExitCode)
  addCreateTable(program)
  addIam(program)
  return program
}

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return version
}
