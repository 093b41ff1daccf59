import type { Outcome } from '../worker/errors.js'
import type { Transfer } from '../worker/history.js'

/** What became of a transfer, as far as who made it knows. */
export interface Attempt extends Transfer {
  /** `unknown`, too, where its worker died before it had an answer. */
  outcome: Outcome | 'acknowledged'
}
