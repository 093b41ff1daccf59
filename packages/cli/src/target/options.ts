import { type Command, Option } from 'commander'
import { check } from '../contract/errors.js'

/** Which file. */
export interface FileOptions {
  url?: string
}

/** Which lease. */
export interface LeaseOptions extends FileOptions {
  table?: string
  key?: string
  protocol?: Protocol
  local?: boolean
  region?: string
  maxClockSkewMs?: number
}

/** How the lease is taken. */
export interface HoldOptions extends LeaseOptions {
  timeoutMs: number
  ttlMs?: number
  fencing?: Fencing
}

/** How contenders line up. */
export type Protocol = 'line' | 'django-sqlite-efs'

/** Whether the ticket of the last writer is kept in the file. */
export type Fencing = 'user_version' | 'off'

/** An operator waits for longer than a request of a user would. */
export const DEFAULT_TIMEOUT_MS = 60_000

/** What every command that writes risks. */
export const FENCING_RISK = `Where the application has fencing: 'off', say --fencing off: else a ticket is stored in the file, and the
  application is refused (CONFIGURATION) from then on.`

export function addFileOption(command: Command): Command {
  return command
    .optionsGroup('The file:')
    .option('--url <url>', 'file: and the path of the database, or the path alone (else: $DATABASE_URL)')
}

export function addLeaseOptions(command: Command): Command {
  return command
    .optionsGroup('Its lease, as the application takes it:')
    .option('--table <name>', 'the DynamoDB table, by name or ARN (else: $SQLITE_LOCK_DYNAMODB_TABLE)')
    .option('--key <key>', 'what the lease is taken on (default: database#<absolute path>)')
    .addOption(choice('--protocol', '<name>', 'how contenders line up (default: line)', ['line', 'django-sqlite-efs']))
    .option('--local', "lease: 'local', with the line in the folder <path>-lease, for one machine")
    .option('--region <region>', 'the region of the table (else: $AWS_REGION, as the AWS SDK reads it)')
    .option(
      '--max-clock-skew-ms <ms>',
      'how far two clocks may be apart (default: 500)',
      milliseconds('--max-clock-skew-ms'),
    )
}

export function addHoldOptions(command: Command, timeoutMs = DEFAULT_TIMEOUT_MS): Command {
  return addLeaseOptions(command)
    .option('--timeout-ms <ms>', 'how long to wait for the turn', milliseconds('--timeout-ms'), timeoutMs)
    .option('--ttl-ms <ms>', 'how long the lease lasts without a renewal (default: 6000)', milliseconds('--ttl-ms'))
    .addOption(
      choice(
        '--fencing',
        '<mode>',
        "the application's fencing: with off, no ticket is stored in the file (default: user_version)",
        ['user_version', 'off'],
      ),
    )
}

/** The last ones, so that the help ends with them. */
export function addOutputOptions(command: Command): Command {
  return command
    .optionsGroup('Output:')
    .option('--json', 'one JSON document on stdout; what goes to stderr is JSON too, one document a line')
    .helpOption('-h, --help', 'this text')
}

const choice = (flag: string, value: string, description: string, choices: readonly string[]) =>
  new Option(`${flag} ${value}`, description)
    .choices(choices)
    .argParser((text: string) => check.oneOf(flag, text, choices))

export const milliseconds = (flag: string) => whole(flag, 'milliseconds', { from: 0, to: 2 ** 31 - 1 })

export const ticketNumber = (flag: string) => whole(flag, 'a ticket', { from: 1, to: Number.MAX_SAFE_INTEGER })

/** https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html */
export function accountId(text: string): string {
  if (/^\d{12}$/.test(text)) return text
  throw check.wrong('--account', 'be the 12 digits of an AWS account, without hyphens', text)
}

/** @returns what parses the option's value. @throws CliError `USAGE` */
function whole(flag: string, what: string, { from, to }: { from: number; to: number }) {
  return (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (value >= from && value <= to) return value
    throw check.wrong(flag, `be ${what}, a whole number from ${from} to ${to}`, text)
  }
}
