import { DatabaseError } from '@sqlite-efs/database'
import { LeaseError } from '@sqlite-efs/lease'
import { PrismaSqliteEfsError, type PrismaSqliteEfsErrorCode } from './errors.js'
import { sqliteError } from './sqlite-error.js'

type OwnWordCode = Exclude<DatabaseError['code'], 'SQLITE' | 'STATEMENT_REFUSED' | 'INVALID_ARGUMENT'>

const DATABASE_CODES: Record<OwnWordCode, PrismaSqliteEfsErrorCode> = {
  CONFIGURATION: 'CONFIGURATION',
  NOT_FOUND: 'P1003',
  BUSY: 'P1008',
  QUEUE_FULL: 'P2024',
  LEASE_TIMEOUT: 'P1008',
  WRITE_CONFLICT: 'P2034',
  COMMIT_UNKNOWN: 'COMMIT_UNKNOWN',
  TRANSACTION_CLOSED: 'P1018',
  CLOSED: 'P1017',
  MIGRATION_BASELINE_MISSING: 'P3005',
  MIGRATION_ALREADY_APPLIED: 'P3008',
  MIGRATION_UNRESOLVED: 'P3009',
  MIGRATION_NEVER_APPLIED: 'P3011',
  MIGRATION_NOT_FAILED: 'P3012',
  MIGRATION_FILE_MISSING: 'P3015',
  MIGRATION_NOT_FOUND: 'P3017',
  MIGRATION_FAILED: 'P3018',
  MIGRATION_PROVIDER_MISMATCH: 'P3019',
}

const LEASE_CODES: Record<LeaseError['code'], PrismaSqliteEfsErrorCode> = {
  CONFIGURATION: 'CONFIGURATION',
  LEASE_TIMEOUT: 'P1008',
  LEASE_ABORTED: 'P1008',
  LEASE_LOST: 'P2034',
  CLOCK_SKEW: 'CLOCK_SKEW',
  UNREACHABLE: 'P1001',
  ACCESS_DENIED: 'P1010',
  TABLE_NOT_FOUND: 'P1001',
  FOREIGN_PROTOCOL: 'FOREIGN_PROTOCOL',
  FILES_FAILED: 'P2039',
  // Of what an operator asks for; no client of Prisma does.
  CONTENDER_ALIVE: 'P1008',
  NO_SUCH_TICKET: 'P1008',
}

/** What is in the way of asking for the lease: nothing is written before that, and a COMMIT without an answer is P2034. */
const NOT_WRITTEN: ReadonlySet<LeaseError['code']> = new Set<LeaseError['code']>([
  'UNREACHABLE',
  'TABLE_NOT_FOUND',
  'ACCESS_DENIED',
  'CLOCK_SKEW',
  'FOREIGN_PROTOCOL',
])

/** What the database or the lease threw, as Prisma and its users know it; anything else as it is. */
export function toPrismaError(error: unknown): unknown {
  if (error instanceof DatabaseError) return fromDatabase(error)
  if (error instanceof LeaseError) {
    const { code, message, details } = error
    const meta = { reason: code, ...details }
    const told = NOT_WRITTEN.has(code) ? `${message}${/[.?!]$/.test(message) ? '' : '.'} Nothing was written.` : message
    return new PrismaSqliteEfsError({ code: LEASE_CODES[code], message: told, meta, cause: error })
  }
  return error
}

function fromDatabase(error: DatabaseError): PrismaSqliteEfsError {
  const { code, message, details } = error
  switch (code) {
    case 'SQLITE':
      return sqliteError(error)
    case 'STATEMENT_REFUSED':
      // Whoever writes SQL by hand expects Prisma's P2010 for whatever is wrong with it.
      return new PrismaSqliteEfsError({
        code: 'STATEMENT_REFUSED',
        message,
        meta: { reason: code, ...details },
        kind: { kind: 'sqlite', extendedCode: MISUSE, message, originalCode: code, originalMessage: message },
      })
    case 'INVALID_ARGUMENT':
      return new PrismaSqliteEfsError({
        code: 'P2007',
        message,
        meta: { reason: code, ...details },
        kind: { kind: 'InvalidInputValue', message, originalCode: code, originalMessage: message },
      })
    default: {
      // The lease's own details (who holds it, since when) stand in the error behind.
      const behind = error.cause instanceof LeaseError ? error.cause.details : {}
      const meta = { reason: code, ...behind, ...details }
      return new PrismaSqliteEfsError({ code: DATABASE_CODES[code], message, meta, cause: error })
    }
  }
}

/** SQLITE_MISUSE. */
const MISUSE = 21

/** Runs `body`; what it throws comes out as Prisma and its users know it. */
export function withPrismaError<T>(body: () => T): T {
  try {
    return body()
  } catch (error) {
    throw toPrismaError(error)
  }
}
