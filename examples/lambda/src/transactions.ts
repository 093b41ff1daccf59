const ATTEMPTS = 3
const BUSY: ReadonlySet<unknown> = new Set(['P1001', 'P1008', 'P2024', 'P2028', 'P2034'])

/**
 * Runs it again when it met a conflict: then nothing was written. It does not queue anew for a lease that did not come
 * in time: the wait was paid for once, and the client is told when to come back.
 */
export async function retryConflicts<T>(transaction: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction()
    } catch (error) {
      if (attempt === ATTEMPTS || prismaCode(error) !== 'P2034') throw error
    }
  }
}

/**
 * The turn to write did not come: P1008 and P2028 by waiting for it, P2024 because too many wait already, P2034 by
 * conflict after conflict, P1001 because DynamoDB did not answer in time. Nothing was written.
 */
export function isBusy(error: unknown): boolean {
  return BUSY.has(prismaCode(error))
}

/** A value of the request is one that the database can't hold, such as a text with a NUL in it. Nothing was written. */
export function isInvalidValue(error: unknown): boolean {
  return prismaCode(error) === 'P2007'
}

function prismaCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
