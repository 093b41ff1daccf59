import type { TraceContext } from '../contract/tracing.js'
import type { WriteTurn } from './write-turn.js'

/** Settles its caller's promise. Called when the turn is over, on Lambda after the release too. */
export type Answer = () => void

/** Something that wants its turn: a write, which may share it with others, or what needs one of its own. */
export type Job<G = unknown> = {
  /** How long it waits for its turn. */
  timeoutMs: number
  /** Which option says so, for a message. */
  timeoutOption: 'lease.timeoutMs' | 'lease.transactionTimeoutMs' | 'timeoutMs' | "the function's timeout"
  /** What it is, in a message: "a transaction", say. */
  what: string
  /** Where its caller is, if that is traced. */
  trace?: TraceContext | undefined
  /** The turn did not come, or nothing could be begun in it. */
  fail(error: unknown): void
} & (
  | { groupable: G }
  /** Uses the turn; the next one is given when the promise resolves. Rejects with `TurnIsOver` only; is run again then. */
  | { groupable?: undefined; run(turn: WriteTurn): Promise<Answer> }
)

/** What a turn of its own is to wait for. */
export type TurnWanted = Pick<Job, 'what' | 'timeoutMs' | 'timeoutOption'> & {
  /** Whether it makes a database where there is none. */
  mayCreate?: boolean
}
