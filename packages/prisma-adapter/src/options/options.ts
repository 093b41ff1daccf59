import type { TimestampFormat } from '../conversion/arguments.js'
import type { IntMode } from '../conversion/results.js'
import { configurationError, unknownOption } from '../errors/configuration.js'
import type { PrismaSqliteEfsError } from '../errors/errors.js'
import { djangoEnvironment } from './django-environment.js'
import type { SqliteEfsEvent } from './events.js'
import type { LeaseOptions } from './lease-options.js'
import { didYouMean } from './nearest.js'
import { MEMORY, pathOfUrl } from './url.js'

/** Options of {@link PrismaSqliteEfs}. */
export interface PrismaSqliteEfsOptions {
  /**
   * The database file: `file:` and an absolute path; `file:` may be left out. With `lease: 'local'` also a path relative to the
   * working directory of the process at construction, or `:memory:`, a private database that lives until `$disconnect`.
   *
   * `undefined` stands for an environment variable that is not set while a framework builds: then the first query fails, not the
   * constructor.
   */
  url: string | undefined
  /**
   * Who decides who writes: a DynamoDB table, or `'local'` where only processes of this machine write, as on a developer's:
   * it needs no AWS, and keeps the line in files beside the database (`<database>-lease`), which must be on a local disk. It is
   * short for `{ protocol: 'local' }`, which takes the same waits as a table does.
   *
   * @defaultValue a table named by the environment variable SQLITE_LOCK_DYNAMODB_TABLE; without one it is an error
   */
  lease?: 'local' | LeaseOptions
  /**
   * `immediate` takes the lease when a transaction starts, so that it never has to be retried. `deferred` begins as
   * a read and takes the lease at its first write, if nobody else has written in between; otherwise that write fails with
   * P2034. A read-only transaction then never asks DynamoDB.
   *
   * @defaultValue `'immediate'`
   */
  transactionMode?: 'immediate' | 'deferred'
  /**
   * `user_version` keeps the last writer's ticket in the file's header, so that a late writer is refused by the file
   * itself; `off` is for files that use `user_version` or `application_id` for themselves.
   *
   * @defaultValue `'user_version'`
   */
  fencing?: 'user_version' | 'off'
  /**
   * SQLite's PRAGMAs, merged over a safe set, for every connection. Those that the design depends on (`journal_mode`,
   * `locking_mode`, `mmap_size` and more) are refused.
   *
   * @defaultValue `{ synchronous: 'FULL', foreign_keys: 'ON', cache_size: -32768, temp_store: 'MEMORY' }`
   */
  pragmas?: Readonly<Record<string, string | number>>
  /**
   * How a DateTime is stored: `iso8601` as text, or `unixepoch-ms` as an integer. SQLite compares a text with a number by
   * their types: never mix the two in one database.
   *
   * @defaultValue `'iso8601'`
   */
  timestampFormat?: TimestampFormat
  /**
   * How raw queries and TypedSQL give out an integer whose type no column declares, such as `count(*)`: as a number, a bigint or a
   * text. `number` and `string` are as in `@prisma/adapter-libsql`; `bigint` is as in `@prisma/adapter-better-sqlite3`, too, and is
   * what the types of TypedSQL say. A column with an integer beyond 2^53 comes as bigint in the mode `number`, where the official
   * adapter fails. Model queries give out the types of their fields in every mode.
   *
   * @defaultValue `'number'`
   */
  intMode?: IntMode
  /** Where Prisma Migrate tries out migrations. @defaultValue `':memory:'` */
  shadowDatabaseUrl?: string
  /**
   * Hears of everything that happens to the leases of this adapter, and of each commit, conflict, recovery and read window
   * of its file. Of several clients of one file in a process the first hears of the leases, which all of them share. Called
   * while others wait: it should be quick. What it throws is ignored.
   */
  onEvent?: (event: SqliteEfsEvent) => void
  /**
   * Whether the adapter adds its own spans below Prisma's where an application traces: waits for the lease, commits, recoveries.
   *
   * @defaultValue `true`
   */
  tracing?: boolean
}

/** A lease of a table. */
type TableLease = LeaseOptions & { protocol?: 'line' | 'django-sqlite-efs'; tableName: string }

/** A line in files, or one on a table. */
export type ResolvedLease = (LeaseOptions & { protocol: 'local' }) | TableLease

/** The options as they are worked with: checked, complete, and with what the environment says. */
export interface ResolvedOptions {
  path: string
  shadowPath: string
  lease: ResolvedLease
  transactionMode: 'immediate' | 'deferred'
  fencing: 'user_version' | 'off' | undefined
  pragmas: Readonly<Record<string, string | number>> | undefined
  timestampFormat: TimestampFormat
  intMode: IntMode
  onEvent: ((event: SqliteEfsEvent) => void) | undefined
  tracing: boolean
}

/** A limit of a number, in its own unit. */
type NumberRule = 'positive' | 'not negative'

const NUMBERS: Readonly<Record<string, NumberRule>> = {
  ttlMs: 'positive',
  timeoutMs: 'not negative',
  transactionTimeoutMs: 'not negative',
  maxHoldMs: 'not negative',
  maxClockSkewMs: 'not negative',
}

const OPTIONS = [
  'url',
  'lease',
  'transactionMode',
  'fencing',
  'pragmas',
  'timestampFormat',
  'intMode',
  'shadowDatabaseUrl',
  'onEvent',
  'tracing',
] as const satisfies (keyof PrismaSqliteEfsOptions)[]

const LEASE_OPTIONS = ['tableName', 'key', 'client', 'protocol', 'maxAttempts', ...Object.keys(NUMBERS)]

/** Options that are given one level too high or too low, and where they belong. */
const LEASE_OPTIONS_BY_NAME = new Map(LEASE_OPTIONS.map((name) => [name, `lease.${name}`]))
const OPTIONS_BY_NAME = new Map<string, string>(OPTIONS.map((name) => [name, name]))
/** What a client of the AWS SDK takes, and this adapter only with one. */
const IN_A_CLIENT = ['region', 'endpoint', 'credentials', 'profile'].map(
  (name) => [name, 'client: new DynamoDBClient({ ... })'] as const,
)
const OUTSIDE_OF_LEASE = new Map([...OPTIONS_BY_NAME, ...IN_A_CLIENT, ['table', 'tableName']])

/** Stand for what is absent, so that all the rest can be checked. Neither is ever opened or asked. */
const ABSENT_PATH = '/absent'
const ABSENT_TABLE = 'absent'

/** The options as {@link checkOptions} finds them. */
export interface CheckedOptions {
  options: ResolvedOptions
  /** The error for the first that needs them, where the url or the table is absent. */
  absent?: PrismaSqliteEfsError
}

/**
 * The options with their defaults, or what is wrong with them.
 *
 * @throws PrismaSqliteEfsError `CONFIGURATION`, also where the url or the table is absent
 */
export function resolveOptions(given: PrismaSqliteEfsOptions, env: NodeJS.ProcessEnv): ResolvedOptions {
  const { options, absent } = checkOptions(given, env)
  if (absent) throw absent
  return options
}

/**
 * The options with their defaults. An absent url or table may be set by the time of the first query; every value that is there is
 * checked now.
 *
 * @throws PrismaSqliteEfsError `CONFIGURATION`
 */
export function checkOptions(given: PrismaSqliteEfsOptions, env: NodeJS.ProcessEnv): CheckedOptions {
  refuseUnknown('', given, OPTIONS, LEASE_OPTIONS_BY_NAME)
  const missing: PrismaSqliteEfsError[] = []
  const lease = resolveLease(given.lease, env) ?? absentTable(given.lease, missing)
  const options = resolveRest(given.url === undefined ? absentUrl(given, missing) : given, lease)
  const [absent] = missing
  return { options, ...(absent && { absent }) }
}

function absentUrl(given: PrismaSqliteEfsOptions, missing: PrismaSqliteEfsError[]): PrismaSqliteEfsOptions {
  const wayOut =
    'expected file: and the path of the database; where it comes from an environment variable (DATABASE_URL, for example), set that for the process that runs queries'
  missing.unshift(configurationError('url', given.url, wayOut))
  return { ...given, url: ABSENT_PATH }
}

function absentTable(lease: PrismaSqliteEfsOptions['lease'], missing: PrismaSqliteEfsError[]): ResolvedLease {
  const wayOut =
    "name the DynamoDB table here or in SQLITE_LOCK_DYNAMODB_TABLE, or use lease: 'local' where no other machine writes"
  missing.push(configurationError('lease.tableName', undefined, wayOut))
  return { ...(lease as Omit<TableLease, 'tableName'> | undefined), tableName: ABSENT_TABLE }
}

function resolveRest(options: PrismaSqliteEfsOptions, lease: ResolvedLease): ResolvedOptions {
  const relativePaths = lease.protocol === 'local' ? 'resolved' : 'refused'
  const path = pathOfUrl('url', options.url, relativePaths)
  if (path === MEMORY && lease.protocol !== 'local') {
    throw configurationError('url', options.url, "nobody else can open it: use lease: 'local'")
  }
  const { onEvent, tracing = true } = options
  if (onEvent !== undefined && typeof onEvent !== 'function') {
    throw configurationError('onEvent', onEvent, 'expected a function')
  }
  if (typeof tracing !== 'boolean') throw configurationError('tracing', tracing, 'expected true or false')
  return {
    path,
    onEvent,
    tracing,
    shadowPath:
      options.shadowDatabaseUrl === undefined
        ? MEMORY
        : pathOfUrl('shadowDatabaseUrl', options.shadowDatabaseUrl, relativePaths),
    lease,
    transactionMode: oneOf('transactionMode', options.transactionMode, ['immediate', 'deferred']) ?? 'immediate',
    fencing: oneOf('fencing', options.fencing, ['user_version', 'off']),
    pragmas: resolvePragmas(options.pragmas),
    timestampFormat: oneOf('timestampFormat', options.timestampFormat, ['iso8601', 'unixepoch-ms']) ?? 'iso8601',
    intMode: oneOf('intMode', options.intMode, ['number', 'bigint', 'string']) ?? 'number',
  }
}

/** What a line in files has no use for. */
const OF_A_TABLE = ['tableName', 'client', 'maxAttempts'] as const satisfies (keyof LeaseOptions)[]

/** Undefined where the table is absent, and all the rest is right. */
function resolveLease(lease: PrismaSqliteEfsOptions['lease'], env: NodeJS.ProcessEnv): ResolvedLease | undefined {
  if (lease === 'local') return { protocol: 'local' }
  if (typeof lease === 'string') {
    const expected = `expected 'local' or an object with ${LEASE_OPTIONS.join(', ')}`
    throw configurationError('lease', lease, `${expected}${didYouMean(lease, ['local'], quoted)}`)
  }
  if (lease !== undefined) refuseUnknown('lease', lease, LEASE_OPTIONS, OUTSIDE_OF_LEASE)
  const protocol = oneOf('lease.protocol', lease?.protocol, ['line', 'django-sqlite-efs', 'local'])
  checkTerms(lease)
  if (protocol === 'local') {
    const ofTable = OF_A_TABLE.find((name) => lease?.[name] !== undefined)
    if (ofTable === undefined) return { ...lease, protocol }
    const wayOut = "it is of a DynamoDB table, and protocol: 'local' has none; leave one of the two out"
    throw configurationError(`lease.${ofTable}`, lease?.[ofTable], wayOut)
  }
  const { tableName = env['SQLITE_LOCK_DYNAMODB_TABLE'] || undefined } = lease ?? {}
  if (tableName !== undefined && (typeof tableName !== 'string' || tableName === '')) {
    throw configurationError('lease.tableName', tableName, 'expected the name of a DynamoDB table')
  }
  refuseWrongAttempts(lease?.maxAttempts, protocol)
  const fromEnvironment = protocol === 'django-sqlite-efs' && djangoEnvironment(env, lease)
  if (tableName === undefined) return undefined
  return { ...fromEnvironment, ...lease, ...(protocol && { protocol }), tableName }
}

/** What any line takes. */
function checkTerms(lease: LeaseOptions = {}): void {
  const { key } = lease
  if (key !== undefined && (typeof key !== 'string' || key === '')) {
    throw configurationError('lease.key', key, 'expected a text, the same in every instance')
  }
  for (const [name, rule] of Object.entries(NUMBERS)) {
    refuseWrongNumber(`lease.${name}`, (lease as Record<string, unknown>)[name], rule)
  }
}

function refuseWrongAttempts(maxAttempts: unknown, protocol: LeaseOptions['protocol']): void {
  if (maxAttempts === undefined) return
  if (protocol !== 'django-sqlite-efs') {
    const why =
      "it is for protocol: 'django-sqlite-efs'; in a line everybody has a turn: timeoutMs says how long to wait"
    throw configurationError('lease.maxAttempts', maxAttempts, why)
  }
  if (!Number.isSafeInteger(maxAttempts) || (maxAttempts as number) < 1) {
    throw configurationError('lease.maxAttempts', maxAttempts, 'expected a whole number, 1 or more')
  }
}

function resolvePragmas(pragmas: PrismaSqliteEfsOptions['pragmas']): PrismaSqliteEfsOptions['pragmas'] {
  if (pragmas === undefined) return undefined
  if (!isRecord(pragmas)) throw configurationError('pragmas', pragmas, 'expected an object of names and values')
  for (const [name, value] of Object.entries(pragmas)) {
    const usable = typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))
    if (!usable) throw configurationError(`pragmas.${name}`, value, 'expected a text or a finite number')
  }
  return pragmas
}

function refuseWrongNumber(option: string, value: unknown, rule: NumberRule): void {
  if (value === undefined) return
  const isInRange =
    typeof value === 'number' && Number.isFinite(value) && (rule === 'positive' ? value > 0 : value >= 0)
  if (!isInRange) throw configurationError(option, value, `expected milliseconds, ${rule}`)
}

function oneOf<T extends string>(option: string, value: T | undefined, allowed: readonly T[]): T | undefined {
  if (value === undefined || allowed.includes(value)) return value
  throw configurationError(
    option,
    value,
    `expected ${allowed.map(quoted).join(' or ')}${didYouMean(value, allowed, quoted)}`,
  )
}

const quoted = (value: string) => `'${value}'`

/**
 * @param elsewhere - names that are options in another place, and that place
 * @throws PrismaSqliteEfsError `CONFIGURATION` for what is no object, or has a name that is not among the known ones
 */
export function refuseUnknown(
  option: string,
  value: unknown,
  known: readonly string[],
  elsewhere: ReadonlyMap<string, string> = new Map(),
): void {
  if (!isRecord(value)) {
    const short = option === 'lease' ? "'local' or " : ''
    throw configurationError(option || 'options', value, `expected ${short}an object with ${known.join(', ')}`)
  }
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue
    const place = elsewhere.get(name)
    const hint = place === undefined ? didYouMean(name, known) : `; did you mean ${place}?`
    const path = option === '' ? name : `${option}.${name}`
    // Without its value, which may be a secret: authToken is an option of libsql.
    throw unknownOption(path, `expected one of ${known.join(', ')}${hint}`)
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
