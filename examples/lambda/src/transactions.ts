import { isRetryable, retry } from 'prisma-adapter-sqlite-efs'

/**
 * Runs it again when it met a conflict: then nothing was written. It does not queue again for a lease that did not come
 * in time: the wait was paid for once, and the caller is told when to come back.
 */
export function retryConflicts<T>(transaction: () => Promise<T>): Promise<T> {
  return retry(transaction, { only: (error) => prismaCode(error) === 'P2034' })
}

/**
 * The turn to write did not come, or DynamoDB did not answer, and the same request may succeed later. P2028 is Prisma's own: the
 * transaction took longer than its time, and was rolled back. Nothing was written.
 */
export function isBusy(error: unknown): boolean {
  return isRetryable(error) || prismaCode(error) === 'P2028'
}

/** A value of the request is one that the database can't hold, such as a text with a NUL in it. Nothing was written. */
export function isInvalidValue(error: unknown): boolean {
  return prismaCode(error) === 'P2007'
}

function prismaCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
