import type { SqlValue } from '../contract/values.js'

/** What a transaction has done so far. */
export class TransactionStats {
  readonly #monotonicMs: () => number
  readonly #begunAtMs: number
  /** How long it waited for its turn. */
  readonly waitedMs: number
  /** SQLite's count of changes before its first write; undefined where it is not ready to write yet. */
  changesBefore: number | undefined
  /** The file's change counter before its first write: COMMIT raises it. */
  counterBefore: SqlValue = null
  /** It changed something that counts no rows. */
  hasDefined = false
  statements = 0

  constructor(monotonicMs: () => number, waitedMs: number) {
    this.#monotonicMs = monotonicMs
    this.#begunAtMs = monotonicMs()
    this.waitedMs = waitedMs
  }

  /** How long it has been open. */
  get openMs(): number {
    return this.#monotonicMs() - this.#begunAtMs
  }
}
