import { checkFile } from './check-file.js'
import { checkReads } from './check-reads.js'
import { checkTokens } from './check-tokens.js'
import type { History } from './collector.js'
import { type Outcome, outcomeOf } from './errors.js'
import type { FinalState } from './final-state.js'
import type { Transfer } from './history.js'

/** Something that must not be. */
export interface Violation {
  kind: /** Acknowledged, and not in the file; or there more than once. */
    | 'lost'
    | 'duplicated'
    /** An entry without exactly its two legs, or legs without their entry. */
    | 'half'
    /** In the file, though its error promised that nothing was written. */
    | 'written all the same'
    /** In the file, and nobody ever wanted it so. */
    | 'unknown entry'
    /** The balances do not add up, or not to what the legs say. */
    | 'sum'
    /** A sequence's entries are not in the order in which they were made. */
    | 'order'
    /** The fence in the file went back, or two processes had the same ticket. */
    | 'fence'
    /** SQLite's own checks, or an index that differs from its table. */
    | 'integrity'
    /** A reader saw a state that never was. */
    | 'torn read'
    /** A reader missed what had been acknowledged, or had been read, before it began. */
    | 'stale read'
    /** An error without a documented code. */
    | 'unexpected error'
    /** A process that nobody harmed ended, or did not end. */
    | 'accident'
    /** On Lambda: nobody could write for longer than a dead holder's lease. */
    | 'stall'
    /** On Lambda: an environment in `withLease` was frozen, or at its timeout, with the lease or with locks. */
    | 'left behind'
  detail: string
}

/** What became of a transfer, as far as who made it knows. */
export interface Attempt extends Transfer {
  /** `unknown`, too, where its worker died before it had an answer. */
  outcome: Outcome | 'acknowledged'
}

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
