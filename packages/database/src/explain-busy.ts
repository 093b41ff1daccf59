import { DatabaseError } from './errors.js'
import type { CheckedOptions } from './options.js'
import { within } from './patience.js'

/** The turn is held meanwhile, and who asks has waited for as long as he wanted to already. */
const ANSWER_MS = 250

/**
 * The lease is held, and still the file is locked: says who was swept, for it may be his locks. Without that where the line
 * does not answer at once.
 */
export async function explainBusy(
  error: DatabaseError,
  { leaser, leaseKey, clock }: Pick<CheckedOptions, 'leaser' | 'leaseKey' | 'clock'>,
): Promise<DatabaseError> {
  const asked = leaser.inspect(leaseKey).then(
    (line) => line.swept,
    () => undefined,
  )
  const swept = await within(clock, ANSWER_MS, asked)
  if (!swept) return error
  const message = `${error.message} Swept from the line last: ${swept.who} (ticket ${swept.ticket}) at ${new Date(swept.atMs).toISOString()}.`
  return new DatabaseError('BUSY', message, { ...error.details, holder: swept.who }, { cause: error })
}
