import { type Command, InvalidArgumentError, Option } from 'commander'

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
    .addOption(
      new Option('--protocol <name>', 'how contenders line up (default: line)').choices(['line', 'django-sqlite-efs']),
    )
    .option('--local', "lease: 'local', with the line in the folder <path>-lease, for one machine")
    .option('--region <region>', 'the region of the table (else: $AWS_REGION, as the AWS SDK reads it)')
    .option('--max-clock-skew-ms <ms>', 'how far two clocks may be apart (default: 500)', milliseconds)
}

export function addHoldOptions(command: Command, timeoutMs = DEFAULT_TIMEOUT_MS): Command {
  return addLeaseOptions(command)
    .option('--timeout-ms <ms>', 'how long to wait for the turn', milliseconds, timeoutMs)
    .option('--ttl-ms <ms>', 'how long the lease lasts without a renewal (default: 6000)', milliseconds)
    .addOption(
      new Option(
        '--fencing <mode>',
        "the application's fencing: with off, no ticket is stored in the file (default: user_version)",
      ).choices(['user_version', 'off']),
    )
}

/** The last ones, so that the help ends with them. */
export function addOutputOptions(command: Command): Command {
  return command
    .optionsGroup('Output:')
    .option('--json', 'one JSON document on stdout; what goes to stderr is JSON too, one document a line')
    .helpOption('-h, --help', 'this text')
}

export function milliseconds(text: string): number {
  return whole(text, 0, 2 ** 31 - 1, 'Whole milliseconds')
}

export function ticketNumber(text: string): number {
  return whole(text, 1, Number.MAX_SAFE_INTEGER, 'The number of a ticket, as `sqlite-efs status` shows it,')
}

/** https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html */
export function accountId(text: string): string {
  if (/^\d{12}$/.test(text)) return text
  throw new InvalidArgumentError('The 12 digits of an AWS account are wanted, without hyphens.')
}

function whole(text: string, least: number, most: number, wanted: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw new InvalidArgumentError(`${wanted} from ${least} to ${most} is wanted.`)
}
