import type { Outcome } from './errors.js'
import type { Transfer } from './history.js'

/** What became of a transfer, as far as who made it knows. */
export interface Attempt extends Transfer {
  /** `unknown`, too, where its worker died before it had an answer. */
  outcome: Outcome | 'acknowledged'
}
