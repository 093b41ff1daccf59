/**
 * What may be run again: after these errors nothing was written, and the same operation may succeed later. By code, the values of
 * `meta.reason`. The code alone would not do: P1001 stands for a table that does not exist, too, and other adapters promise nothing
 * after their P1008.
 */
const RETRYABLE: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['P1001', ['UNREACHABLE']],
  ['P1008', ['LEASE_TIMEOUT', 'LEASE_ABORTED', 'BUSY']],
  ['P2024', ['QUEUE_FULL']],
  ['P2034', ['WRITE_CONFLICT', 'LEASE_LOST']],
])

/** P2028 has no reason. Of Prisma's words for it this is the only one that says that no statement ran: `maxWait` has passed. */
const NOT_STARTED = 'Unable to start a transaction in the given time'

/** SQLITE_BUSY: the low byte of an extended code (https://www.sqlite.org/rescode.html). */
const BUSY = 5

/**
 * Whether the operation that threw this may be run again as it is: nothing of it was written, and the cause may pass. The operation
 * is one call of a `PrismaClient`, a whole `$transaction` included. An operation of several calls is not one: an earlier call may
 * have been written.
 *
 * True for `P1008`, `P2024`, `P2034`, for `P1001` where DynamoDB gave no answer (not where the table does not exist), and for `P2028`
 * where the transaction did not start in time. `false` for all else, for `COMMIT_UNKNOWN` above all.
 */
export function isRetryable(error: unknown): boolean {
  return isRetryableWithin(error, MAX_DEPTH)
}

/** Prisma puts the adapter's error one level down. An error that refers to itself must not end in a stack overflow. */
const MAX_DEPTH = 4

function isRetryableWithin(error: unknown, depth: number): boolean {
  if (!isRecord(error) || depth === 0) return false
  const { code, message } = error
  const meta = isRecord(error['meta']) ? error['meta'] : {}
  if (code === 'P2028') return String(message).includes(NOT_STARTED)
  // Prisma words SQLite's own errors, and all of raw SQL (P2010), itself; the adapter's error is inside.
  if (isRecord(meta['driverAdapterError'])) return isRetryableWithin(meta['driverAdapterError'], depth - 1)
  if (code === 'P1008' && isBusy(meta['extendedCode'])) return true
  return RETRYABLE.get(code)?.includes(String(meta['reason'])) === true
}

const isBusy = (extendedCode: unknown) => typeof extendedCode === 'number' && (extendedCode & 0xff) === BUSY

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
