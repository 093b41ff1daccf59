import { DatabaseError } from '../contract/errors.js'
import { excerpt } from '../sql/classify.js'

/** What kept the lease from being renewed: one statement, or what the caller computed between its statements. */
interface Blocking {
  ms: number
  sql?: string
}

/** The lease did not last until the commit, perhaps because the thread was busy for long. */
export function leaseWasLost(path: string, cause: unknown, blocking?: Blocking): DatabaseError {
  const blocked = blocking ? whatBlocked(blocking) : ''
  return new DatabaseError(
    'WRITE_CONFLICT',
    `The lease on ${path} was lost before COMMIT (${cause instanceof Error ? cause.message : 'it ran out'}). Nothing was written; it is safe to try again.${blocked}`,
    { path, ...(blocking ? { option: 'lease.ttlMs' } : {}) },
    { cause },
  )
}

function whatBlocked({ ms, sql }: Blocking): string {
  const seconds = `${Math.round(ms)} ms`
  return sql === undefined
    ? ` This thread was busy for ${seconds} without a pause, so the lease could not be renewed while another process waited for it. Write less at once, or raise lease.ttlMs.`
    : ` One statement blocked this process for ${seconds}, so the lease could not be renewed: ${excerpt(sql)}. Make it faster, or raise lease.ttlMs.`
}

/** COMMIT met an error after which it may be in the file, or not. */
export const commitUnknown = (path: string, error: unknown) =>
  new DatabaseError(
    'COMMIT_UNKNOWN',
    `COMMIT on ${path} failed with ${error instanceof Error ? error.message : String(error)}: whether the transaction took place is not known. Read what it would have written before you try again.`,
    { path, ...(error instanceof DatabaseError ? error.details : {}) },
    { cause: error },
  )

/** A statement of the transaction met an error after which its connection's locks and pages are in doubt. */
export const doubtfulTransaction = (path: string, met: DatabaseError) =>
  new DatabaseError(
    'SQLITE',
    `A transaction on ${path} can't be committed after an I/O error or a malformed page in one of its statements. It was rolled back, and nothing was written; run it again. The error was: ${met.message}`,
    met.details,
    { cause: met },
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
