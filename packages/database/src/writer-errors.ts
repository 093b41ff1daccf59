import { excerpt } from './classify.js'
import { DatabaseError } from './errors.js'

/** The lease did not last until the commit, perhaps for a statement that blocked the process for long. */
export function leaseWasLost(path: string, cause: unknown, blocking?: { ms: number; sql: string }): DatabaseError {
  const blocked = blocking
    ? ` One statement blocked this process for ${Math.round(blocking.ms)} ms, so the lease could not be renewed: ${excerpt(blocking.sql)}. Make it faster, or raise lease.ttlMs.`
    : ''
  return new DatabaseError(
    'WRITE_CONFLICT',
    `The lease on ${path} was lost before COMMIT (${cause instanceof Error ? cause.message : 'it ran out'}). Nothing was written; it is safe to try again.${blocked}`,
    { path, ...(blocking ? { option: 'lease.ttlMs' } : {}) },
    { cause },
  )
}

/** COMMIT met an error after which it may be in the file, or not. */
export const commitUnknown = (path: string, error: unknown) =>
  new DatabaseError(
    'COMMIT_UNKNOWN',
    `COMMIT on ${path} failed with ${error instanceof Error ? error.message : String(error)}: whether the transaction took place is not known. Read what it would have written before you try again.`,
    { path, ...(error instanceof DatabaseError ? error.details : {}) },
    { cause: error },
  )

/** A read of this process that lasts keeps COMMIT from the file. */
export const readersStay = (path: string, waitedMs: number) =>
  new DatabaseError(
    'BUSY',
    `${path} can't be committed to: a deferred transaction of this process has read it for ${Math.round(waitedMs)} ms and goes on. Nothing was written. Keep transactions short, and write with tx inside them.`,
    { path, extendedCode: 5, option: 'transactionMode' },
  )

/** What ends a transaction is refused before it is run; this is for what nobody thought of. */
export const leftTransaction = (sql: string) =>
  new DatabaseError(
    'STATEMENT_REFUSED',
    `This statement ended the transaction that it ran in: ${excerpt(sql)}. Use $transaction instead.`,
  )
