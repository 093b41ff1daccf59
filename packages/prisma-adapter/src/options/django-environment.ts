import { configurationError } from '../errors/configuration.js'
import type { LeaseOptions } from './lease-options.js'

const MAX_EXPIRATION_SECONDS = 3600
const DEFAULT_MAX_CLOCK_SKEW_MS = 500

/**
 * What django-sqlite-efs' own settings say, where an option does not.
 *
 * @throws PrismaSqliteEfsError `CONFIGURATION`, naming the variable
 */
export function djangoEnvironment(
  env: NodeJS.ProcessEnv,
  lease: LeaseOptions | undefined,
): Pick<LeaseOptions, 'ttlMs' | 'maxAttempts'> {
  const { ttlMs, maxAttempts, maxClockSkewMs = DEFAULT_MAX_CLOCK_SKEW_MS } = lease ?? {}
  const seconds = ttlMs === undefined ? numberOf(env, 'SQLITE_LOCK_EXPIRATION') : undefined
  if (seconds !== undefined && !(seconds * 1000 > maxClockSkewMs && seconds <= MAX_EXPIRATION_SECONDS)) {
    const range = `seconds, more than lease.maxClockSkewMs (${maxClockSkewMs} ms) and at most ${MAX_EXPIRATION_SECONDS}`
    throw wrong(env, 'SQLITE_LOCK_EXPIRATION', range)
  }
  const attempts = maxAttempts === undefined ? numberOf(env, 'SQLITE_LOCK_MAX_ATTEMPTS') : undefined
  if (attempts !== undefined && !(Number.isSafeInteger(attempts) && attempts >= 1)) {
    throw wrong(env, 'SQLITE_LOCK_MAX_ATTEMPTS', 'a whole number, 1 or more')
  }
  return {
    ...(seconds !== undefined && { ttlMs: seconds * 1000 }),
    ...(attempts !== undefined && { maxAttempts: attempts }),
  }
}

type Variable = 'SQLITE_LOCK_EXPIRATION' | 'SQLITE_LOCK_MAX_ATTEMPTS'

/** An empty variable is none. */
function numberOf(env: NodeJS.ProcessEnv, variable: Variable): number | undefined {
  const text = env[variable]?.trim()
  return text ? Number(text) : undefined
}

const wrong = (env: NodeJS.ProcessEnv, variable: Variable, expected: string) =>
  configurationError(variable, env[variable], `expected ${expected}, in this environment variable`)
