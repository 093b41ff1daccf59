import { outcomeOf } from '../worker/errors.js'
import type { Attempt } from './attempt.js'
import { checkFile } from './check-file.js'
import { checkReads } from './check-reads.js'
import { checkTokens } from './check-tokens.js'
import type { History } from './collector.js'
import type { FinalState } from './final-state.js'
import type { Violation } from './violation.js'

/** How strictly to judge. */
export interface Rules {
  /**
   * Whether a promise is taken at its word that nothing was written, and every error has to be a documented one. The control promises
   * no such thing: each of its errors is an outcome that is not known.
   */
  holdsErrorsToTheirWord: boolean
  /** Whether what readers see counts. Without file locks nothing keeps a reader from pages that are half written. */
  holdsReads: boolean
}

/** Judges what the workers wrote down, and what is in the file. */
export function check(histories: readonly History[], state: FinalState, rules: Rules): Violation[] {
  return [
    ...checkFile(attemptsOf(histories, rules), state),
    ...checkTokens(histories, state),
    ...(rules.holdsReads ? checkReads(histories, state.entries) : []),
    ...(rules.holdsErrorsToTheirWord ? unexpectedErrors(histories, rules) : []),
  ]
}

/** All transfers that were ever begun, by their id. */
export function attemptsOf(histories: readonly History[], rules: Rules): Map<string, Attempt> {
  const attempts = new Map<string, Attempt>()
  for (const record of histories.flatMap(({ records }) => records)) {
    if (record.type === 'intent') attempts.set(record.id, { ...record, outcome: 'unknown' })
    if (record.type !== 'ack' && record.type !== 'fail') continue
    const attempt = attempts.get(record.id)
    if (!attempt) throw new Error(`the history has an answer to ${record.id}, which was never asked`)
    if (record.type === 'ack') attempt.outcome = 'acknowledged'
    else attempt.outcome = rules.holdsErrorsToTheirWord || isOnPurpose(record.code) ? outcomeOf(record.code) : 'unknown'
  }
  return attempts
}

/** What the workload does to itself is held to its word with everybody. */
const isOnPurpose = (code: string) => code === 'ABANDONED' || code === 'P2002'

function unexpectedErrors(histories: readonly History[], { holdsReads }: Rules): Violation[] {
  return histories.flatMap(({ name, records }) =>
    records.flatMap((record): Violation[] => {
      const isRead = record.type === 'read-failed' && holdsReads
      if (record.type !== 'fail' && !isRead) return []
      const outcome = outcomeOf(record.code)
      const isExpected = isRead ? outcome === 'not-written' : outcome !== 'unexpected'
      if (isExpected) return []
      return [{ kind: 'unexpected error', detail: `${name}: ${record.code}: ${record.message}` }]
    }),
  )
}
