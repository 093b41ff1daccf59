import { type Database, openDatabase } from '@sqlite-efs/database'
import { leaseDirectoryOf, leaseKeyOf } from '@sqlite-efs/database/internal'
import { createLeaser, type LeaseEvent, type Leaser } from '@sqlite-efs/lease'
import { chooseLine, missingTable } from '@sqlite-efs/lease/internal'
import { CliError, check } from '../contract/errors.js'
import { Interruption } from '../process/interruption.js'
import type { Output } from '../terminal/output.js'
import { pathOfUrl } from './file-url.js'
import { interruptible } from './interruptible-leaser.js'
import type { FileOptions, HoldOptions, LeaseOptions, Protocol } from './options.js'
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
  const { tableName } = chooseLine({ tableName: table }, process.env, check)
  if (tableName !== undefined) return tableName
  throw missingTable(check, mayBeLocal ? '--local' : undefined)
}

/** The line's place, for people. */
export const lineInWords = ({ leaser, tableName }: Pick<LeaseTarget, 'leaser' | 'tableName'>) =>
  tableName === undefined ? leaser.name : tableInWords(tableName)

/**
 * The line that the application stands in too, if it is told the same.
 *
 * @throws CliError `USAGE`; LeaseError `CONFIGURATION`
 */
export function leaseTargetOf(
  options: LeaseOptions & Partial<HoldOptions>,
  onEvent?: (event: LeaseEvent) => void,
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
    const directory = leaseDirectoryOf(requirePath(options))
    return { ...target, leaser: createLeaser({ protocol: 'local', directory, ...settings }) }
  }
  const tableName = requireTable(options)
  // An operator waits for as long as --timeout-ms says, however often it has to ask.
  const env = { ...process.env, SQLITE_LOCK_MAX_ATTEMPTS: '' }
  return {
    ...target,
    tableName,
    leaser: createLeaser(chooseLine({ protocol, tableName, ...settings }, env, check), {}),
  }
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
