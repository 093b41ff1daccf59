import type { SqlValue } from '../contract/values.js'

/** What a transaction has done so far. */
export class TransactionRecord {
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
  /** What may have kept the lease from being renewed. */
  slowest = { ms: 0, sql: '' }
  /** The longest time in which the thread ran nothing but this transaction and what its caller computes. */
  busiestMs = 0

  constructor(monotonicMs: () => number, waitedMs: number) {
    this.#monotonicMs = monotonicMs
    this.#begunAtMs = monotonicMs()
    this.waitedMs = waitedMs
  }

  /** How long it has been open. */
  get openMs(): number {
    return this.#monotonicMs() - this.#begunAtMs
  }

  /** Runs one of its statements. */
  timed<T>(sql: string, action: () => T): T {
    const startedMs = this.#monotonicMs()
    this.statements++
    try {
      return action()
    } finally {
      const ms = this.#monotonicMs() - startedMs
      if (ms > this.slowest.ms) this.slowest = { ms, sql }
    }
  }
}
