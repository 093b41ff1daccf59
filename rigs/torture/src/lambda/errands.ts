/** What an invocation is to do, and how often it is. */
export const ERRANDS = {
  /** Answers while an interactive transaction is open. */
  'forgets a transaction': 20,
  /** Answers while a transfer is under way. */
  'forgets a transfer': 12,
  /** Some transfers, each awaited, and a look at the bank. */
  good: 60,
  /** Is at its timeout in the middle of an interactive transaction. */
  'hangs in a transaction': 3,
  /** Is at its timeout, and has nothing under way. */
  'hangs after a transfer': 2,
  /** Makes one transfer after the other until its timeout. */
  'never ends': 3,
} as const

export type Errand = keyof typeof ERRANDS

/** `marginMs` of who is in `withLease`: twice its default, for a machine that is busy. Half of it is for giving the lease back. */
export const MARGIN_MS = 1000

/** The event of an invocation. */
export interface ErrandEvent {
  errand: Errand
  /** Its transfers' sequence, unique in a run. */
  sequence: string
  seed: number
  /** The function's timeout: what hangs does so for longer. */
  timeoutMs: number
}
