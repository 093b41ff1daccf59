import { chooseLine, missingTable } from './choose-line.js'
import type { Leaser } from './contract/lease.js'
import { check, checkObject } from './contract/options.js'
import { DjangoCompatibleLeaser, type DjangoCompatibleLeaserOptions } from './django/leaser.js'
import { DynamoDBLeaser, type DynamoDBLeaserOptions } from './dynamodb/leaser.js'
import { LocalLeaser, type LocalLeaserOptions } from './local/leaser.js'

/**
 * Options of {@link createLeaser}: those of the leaser that `protocol` chooses. All programs that write one file must choose the same.
 *
 * - `'line'`, the default: {@link DynamoDBLeaserOptions}, with `tableName` from the environment variable SQLITE_LOCK_DYNAMODB_TABLE.
 * - `'django-sqlite-efs'`: {@link DjangoCompatibleLeaserOptions}, with `tableName` from the same variable, `ttlMs` from SQLITE_LOCK_EXPIRATION
 *   (in seconds) and `maxAttempts` from SQLITE_LOCK_MAX_ATTEMPTS.
 * - `'local'`: {@link LocalLeaserOptions}.
 */
export type CreateLeaserOptions =
  | ({ protocol?: 'line'; tableName?: string | undefined } & Omit<DynamoDBLeaserOptions, 'tableName'>)
  | ({ protocol: 'django-sqlite-efs'; tableName?: string | undefined } & Omit<
      DjangoCompatibleLeaserOptions,
      'tableName'
    >)
  | ({ protocol: 'local' } & LocalLeaserOptions)

/**
 * Makes a leaser by options, and by environment variables for what they leave open. Touches no file and sends no request.
 *
 * @param env - the environment; an empty variable counts as absent. Default: that of the process
 * @throws LeaseError `CONFIGURATION`, naming the option or variable and its value; also where nothing names a table
 */
export function createLeaser(options: CreateLeaserOptions = {}, env: NodeJS.ProcessEnv = process.env): Leaser {
  checkObject(options)
  const chosen = chooseLine(options, env)
  if (chosen.protocol === 'local') return new LocalLeaser(chosen)
  const { tableName } = chosen
  if (tableName === undefined) throw missingTable(check, "protocol: 'local'")
  if (chosen.protocol === 'django-sqlite-efs') return new DjangoCompatibleLeaser({ ...chosen, tableName })
  return new DynamoDBLeaser({ ...chosen, tableName })
}
