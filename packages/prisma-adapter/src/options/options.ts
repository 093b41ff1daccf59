import type { TimestampFormat } from '../conversion/arguments.js'
import type { IntMode } from '../conversion/results.js'
import { check, refuseUnknown } from '../errors/configuration.js'
import type { SqliteEfsEvent } from './events.js'
import type { LeaseOptions } from './lease-options.js'
import { absentTable, LEASE_OPTIONS, type ResolvedLease, resolveLease } from './resolve-lease.js'
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

/** Options of `lease` that are given one level too high, and where they belong. */
const LEASE_OPTIONS_BY_NAME = new Map(LEASE_OPTIONS.map((name) => [name, `lease.${name}`]))

/** Stands for what is absent, so that all the rest can be checked. Never opened. */
const ABSENT_PATH = '/absent'

/** The options as {@link checkOptions} finds them. */
export interface CheckedOptions {
  options: ResolvedOptions
  /** The error for the first that needs them, where the url or the table is absent. */
  absent?: Error
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
  const missing: Error[] = []
  const lease = resolveLease(given.lease, OPTIONS, env) ?? absentTable(given.lease, missing)
  const options = resolveRest(given.url === undefined ? absentUrl(given, missing) : given, lease)
  const [absent] = missing
  return { options, ...(absent && { absent }) }
}

function absentUrl(given: PrismaSqliteEfsOptions, missing: Error[]): PrismaSqliteEfsOptions {
  const hint =
    'if it comes from an environment variable (DATABASE_URL, for example), set that for the process that runs queries'
  missing.unshift(check.wrong('url', 'be file: and the path of the database', given.url, { hint }))
  return { ...given, url: ABSENT_PATH }
}

function resolveRest(options: PrismaSqliteEfsOptions, lease: ResolvedLease): ResolvedOptions {
  const relativePaths = lease.protocol === 'local' ? 'resolved' : 'refused'
  const path = pathOfUrl('url', options.url, relativePaths)
  if (path === MEMORY && lease.protocol !== 'local') {
    throw check.wrong('url', 'be a file', options.url, { hint: "no other process can open it: use lease: 'local'" })
  }
  const { transactionMode = 'immediate', timestampFormat = 'iso8601', intMode = 'number', tracing = true } = options
  return {
    path,
    onEvent: check.callback('onEvent', options.onEvent),
    tracing: check.boolean('tracing', tracing),
    shadowPath:
      options.shadowDatabaseUrl === undefined
        ? MEMORY
        : pathOfUrl('shadowDatabaseUrl', options.shadowDatabaseUrl, relativePaths),
    lease,
    transactionMode: check.oneOf('transactionMode', transactionMode, ['immediate', 'deferred']),
    fencing: check.oneOf('fencing', options.fencing, ['user_version', 'off']),
    pragmas: resolvePragmas(options.pragmas),
    timestampFormat: check.oneOf('timestampFormat', timestampFormat, ['iso8601', 'unixepoch-ms']),
    intMode: check.oneOf('intMode', intMode, ['number', 'bigint', 'string']),
  }
}

function resolvePragmas(pragmas: PrismaSqliteEfsOptions['pragmas']): PrismaSqliteEfsOptions['pragmas'] {
  if (pragmas === undefined) return undefined
  if (typeof pragmas !== 'object' || pragmas === null || Array.isArray(pragmas)) {
    throw check.wrong('pragmas', 'be an object of names and values', pragmas)
  }
  for (const [name, value] of Object.entries(pragmas)) {
    if (typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))) continue
    throw check.wrong(`pragmas.${name}`, 'be a string or a finite number', value)
  }
  return pragmas
}
