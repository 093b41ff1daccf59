import type { OptionChecker } from './contract/option-checker.js'
import { check, checkTableName } from './contract/options.js'
import type { DynamoDBClient } from './dynamodb/client.js'

/** Options that say which line a caller stands in. */
export interface LineOptions {
  protocol?: 'line' | 'django-sqlite-efs' | 'local'
  tableName?: string | undefined
  client?: DynamoDBClient
  maxAttempts?: number
  ttlMs?: number
  maxClockSkewMs?: number
}

/** Options that a line in files or in memory has no use for. */
const OF_A_TABLE = ['tableName', 'client', 'maxAttempts'] as const

const MAX_EXPIRATION_SECONDS = 3600

/**
 * The options, with those of the environment where they leave one open: the table, and with the protocol of django-sqlite-efs the settings
 * of that. `tableName` stays `undefined` if nothing names a table: see {@link missingTable}.
 *
 * @param checker - the caller's: its names of the options, and its errors
 */
export function chooseLine<T extends LineOptions>(options: T, env: NodeJS.ProcessEnv, checker = check): T {
  const { client, maxAttempts } = options
  const protocol = checker.oneOf('protocol', options.protocol, ['line', 'django-sqlite-efs', 'local'])
  if (protocol === 'local') {
    const wrong = OF_A_TABLE.find((name) => options[name] !== undefined)
    if (wrong === undefined) return options
    throw checker.wrong(wrong, "be left out with protocol: 'local'", options[wrong], {
      hint: 'it is for a DynamoDB table',
    })
  }
  if (client !== undefined && typeof client?.send !== 'function') {
    throw checker.wrong('client', 'be a DynamoDBClient', client)
  }
  const tableName =
    options.tableName === undefined ? tableOf(env, checker) : checkTableName(options.tableName, 'tableName', checker)
  if (protocol === 'django-sqlite-efs') return { ...options, ...djangoSettings(options, env, checker), tableName }
  if (maxAttempts === undefined) return { ...options, tableName }
  const hint = 'in a line every caller has its turn, and timeoutMs says how long to wait for it'
  throw checker.wrong('maxAttempts', "be left out without protocol: 'django-sqlite-efs'", maxAttempts, { hint })
}

/** The error where nothing names a table. @param local - how the caller asks for a line without one, if it can */
export const missingTable = (checker: OptionChecker, local?: string): Error =>
  checker.wrong('tableName', 'name the DynamoDB table that has the lease', undefined, {
    hint: `set it, or ${TABLE}${local === undefined ? '' : `, or use ${local} where no other machine writes`}`,
  })

const TABLE = 'SQLITE_LOCK_DYNAMODB_TABLE'
const EXPIRATION = 'SQLITE_LOCK_EXPIRATION'
const ATTEMPTS = 'SQLITE_LOCK_MAX_ATTEMPTS'

/** An empty variable counts as absent, as in django-sqlite-efs. */
function tableOf(env: NodeJS.ProcessEnv, checker: OptionChecker): string | undefined {
  const tableName = env[TABLE]
  return tableName ? checkTableName(tableName, TABLE, checker) : undefined
}

function djangoSettings(
  { ttlMs, maxAttempts, maxClockSkewMs = 500 }: LineOptions,
  env: NodeJS.ProcessEnv,
  checker: OptionChecker,
): Pick<LineOptions, 'ttlMs' | 'maxAttempts'> {
  checker.whole('maxAttempts', maxAttempts, { from: 1 })
  const seconds = ttlMs === undefined ? numberIn(env, EXPIRATION) : undefined
  if (seconds !== undefined && !(seconds * 1000 > maxClockSkewMs && seconds <= MAX_EXPIRATION_SECONDS)) {
    const rule = `be seconds, more than maxClockSkewMs (${maxClockSkewMs} ms) and at most ${MAX_EXPIRATION_SECONDS}`
    throw checker.wrong(EXPIRATION, rule, env[EXPIRATION])
  }
  const attempts = maxAttempts === undefined ? numberIn(env, ATTEMPTS) : undefined
  if (attempts !== undefined && !(Number.isSafeInteger(attempts) && attempts >= 1)) {
    throw checker.wrong(ATTEMPTS, 'be a whole number, 1 or more', env[ATTEMPTS])
  }
  return {
    ...(seconds !== undefined && { ttlMs: seconds * 1000 }),
    ...(attempts !== undefined && { maxAttempts: attempts }),
  }
}

function numberIn(env: NodeJS.ProcessEnv, variable: string): number | undefined {
  const text = env[variable]?.trim()
  return text ? Number(text) : undefined
}
