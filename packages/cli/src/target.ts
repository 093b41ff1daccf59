import { type Database, openDatabase } from '@sqlite-efs/database'
import { canonicalPath, leaseKeyOf } from '@sqlite-efs/database/internal'
import { DjangoCompatibleLeaser, DynamoDBLeaser, type LeaseEvent, type Leaser, LocalLeaser } from '@sqlite-efs/lease'
import { CliError } from './errors.js'
import { pathOfUrl } from './file-url.js'
import { interruptible } from './interruptible-leaser.js'
import { Interruption } from './interruption.js'
import type { FileOptions, HoldOptions, LeaseOptions, Protocol } from './options.js'
import type { Output } from './output.js'
import { LeaseWait, tableInWords } from './waiting.js'

/** Which line a command looks at or stands in. */
export interface LeaseTarget {
  leaser: Leaser
  key: string
  /** The table's name or ARN; absent with `--local`. */
  tableName?: string
  protocol: Protocol
  maxClockSkewMs: number
}

/** The file that is named, if one is. @throws CliError `USAGE` */
export function pathOf({ url }: FileOptions): string | undefined {
  if (url !== undefined) return pathOfUrl(url, '--url')
  const fromEnvironment = process.env['DATABASE_URL']
  return fromEnvironment ? pathOfUrl(fromEnvironment, 'DATABASE_URL') : undefined
}

/** @throws CliError `USAGE` where no file is named */
export function requirePath(options: FileOptions): string {
  const path = pathOf(options)
  if (path !== undefined) return path
  throw new CliError('USAGE', 'Which database? Name its file with --url, or in DATABASE_URL.')
}

/** @throws CliError `USAGE` where neither file nor key is named */
export function requireKey({ key, ...options }: LeaseOptions): string {
  if (key !== undefined) return key
  const path = pathOf(options)
  if (path !== undefined) return leaseKeyOf(path)
  throw new CliError('USAGE', 'Which lease? Name the file with --url or in DATABASE_URL, or the key with --key.')
}

/**
 * @param options.mayBeLocal - whether the command has `--local`, too
 * @throws CliError `USAGE` where no table is named, or none that can be one
 */
export function requireTable(
  { table, region }: Pick<LeaseOptions, 'table' | 'region'>,
  { mayBeLocal = true } = {},
): string {
  // The SDK looks for it there, and so do its credentials.
  if (region !== undefined) process.env['AWS_REGION'] = region
  const tableName = table ?? process.env['SQLITE_LOCK_DYNAMODB_TABLE']
  if (!tableName) {
    const orLocal = mayBeLocal ? '; or say --local, where the application does' : ''
    const wayOut = `Name it with --table or in SQLITE_LOCK_DYNAMODB_TABLE${orLocal}.`
    throw new CliError('USAGE', `Which DynamoDB table has the lease? ${wayOut}`)
  }
  if (TABLE_NAME.test(tableName) || TABLE_ARN.test(tableName)) return tableName
  const source = table === undefined ? 'SQLITE_LOCK_DYNAMODB_TABLE' : '--table'
  const wanted = "a DynamoDB table's name (3 to 255 of A-Z a-z 0-9 _ . -) or its ARN is wanted"
  throw new CliError('USAGE', `${source} is ${JSON.stringify(tableName)}: ${wanted}.`)
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html */
const TABLE_NAME = /^[\w.-]{3,255}$/

/** The ARN of a table, and no wildcard in it. */
export const TABLE_ARN = /^arn:aws[a-z-]*:dynamodb:[a-z\d-]+:\d{12}:table\/[\w.-]{3,255}$/

/** The line's place, for people. */
export const lineInWords = ({ leaser, tableName }: Pick<LeaseTarget, 'leaser' | 'tableName'>) =>
  tableName === undefined ? leaser.name : tableInWords(tableName)

/** What a leaser is to be told beside its line. */
interface LeaserSettings {
  maxClockSkewMs: number
  ttlMs?: number
  timeoutMs?: number
  onEvent?: (event: LeaseEvent) => void
}

/**
 * The line that the application stands in too, if it is told the same.
 *
 * @throws CliError `USAGE`; LeaseError `CONFIGURATION`
 */
export function leaseTargetOf(
  options: LeaseOptions & Partial<HoldOptions>,
  onEvent?: LeaserSettings['onEvent'],
): LeaseTarget {
  const { local = false, table, protocol = 'line', maxClockSkewMs = 500, ttlMs, timeoutMs } = options
  const key = requireKey(options)
  const settings = {
    maxClockSkewMs,
    ...(ttlMs !== undefined && { ttlMs }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(onEvent && { onEvent }),
  }
  const target = { key, protocol, maxClockSkewMs }
  if (local) {
    if (table !== undefined) throw new CliError('USAGE', '--local and --table are two different lines: name one.')
    if (protocol !== 'line')
      throw new CliError('USAGE', `--protocol ${protocol} needs a DynamoDB table: --local has none.`)
    return { ...target, leaser: localLeaser(options, settings) }
  }
  const tableName = requireTable(options)
  return { ...target, tableName, leaser: tableLeaser(tableName, protocol, settings) }
}

function tableLeaser(tableName: string, protocol: Protocol, settings: LeaserSettings): Leaser {
  if (protocol === 'line') return new DynamoDBLeaser({ tableName, ...settings })
  return new DjangoCompatibleLeaser({ tableName, ...djangoTtl(), ...settings })
}

/** django-sqlite-efs' own setting, in seconds. */
function djangoTtl(): { ttlMs?: number } {
  const text = process.env['SQLITE_LOCK_EXPIRATION']
  if (!text) return {}
  const seconds = Number(text)
  if (seconds > 0) return { ttlMs: seconds * 1000 }
  throw new CliError('USAGE', `SQLITE_LOCK_EXPIRATION is ${JSON.stringify(text)}: a number of seconds is wanted.`)
}

/** As the application's `lease: 'local'` has it: its line is in a folder beside the file. */
function localLeaser(options: FileOptions, settings: LeaserSettings): Leaser {
  return new LocalLeaser({ directory: `${canonicalPath(requirePath(options))}-lease`, ...settings })
}

/** What a command may say of how it is ended. */
export interface Endings {
  /** Ends the waits for the lease, for a command that hears the signals itself. Without it they are heard here. */
  signal?: AbortSignal
  /** What was done before a signal came, as a sentence. */
  soFar?: () => string
}

/**
 * Opens the file under its lease, and closes it whatever comes of it. Says what it waits for, and ends when a signal comes: see
 * {@link Interruption}.
 */
export async function withDatabase<T>(
  options: HoldOptions,
  output: Output,
  body: (database: Database) => Promise<T>,
  { signal, soFar }: Endings = {},
): Promise<T> {
  const path = requirePath(options)
  const target = leaseTargetOf(options, (event) => wait.hear(event))
  using wait = new LeaseWait(output, lineInWords(target))
  using interruption = signal ? undefined : new Interruption(output)
  const { timeoutMs, fencing } = options
  const database = openDatabase({
    path,
    leaser: interruptible(target.leaser, {
      signal: signal ?? interruption!.signal,
      asked: () => {
        wait.asked()
        interruption?.enterLine()
      },
      acquired: () => {
        wait[Symbol.dispose]()
        interruption?.beginWork()
      },
    }),
    leaseKey: target.key,
    timeoutMs,
    transactionTimeoutMs: timeoutMs,
    ...(fencing && { fencing }),
    release: 'before-answer',
  })
  try {
    return await body(database)
  } catch (error) {
    throw interruption ? interruption.asInterruption(error, soFar?.()) : error
  } finally {
    await database.close()
  }
}
