import type { Header } from './header.js'

/** What a read window costs over NFS, in calls: docs/performance.md lists them. */
const CALLS_PER_WINDOW = 11
/** So many bytes of a copy weigh as much as one call: less than a call takes in time, more than it takes in money. */
const BYTES_PER_CALL = 64 * 2 ** 10
/** A copy in the background begins and ends with a window of its own. */
const CALLS_IN_BACKGROUND = 2 * (CALLS_PER_WINDOW + 1)

/**
 * Decides when a whole copy pays, as one decides whether to buy skis: when the reads since the last change have cost as much as the copy
 * would. That costs at most twice of what it would with the future known (Karlin, Manasse, Rudolph, Sleator, "Competitive snoopy caching", 1988).
 */
export class SkiRental {
  #spentCalls = 0
  #since: Header | undefined

  /** A read window was paid for, in a certain state of the file. */
  charge(header: Header): void {
    if (!this.#since?.isSame(header)) {
      this.#spentCalls = 0
      this.#since = header
      return
    }
    this.#spentCalls += CALLS_PER_WINDOW
  }

  /** Whether a copy of that size pays. */
  isWorthCopying(bytes: number, isAtOnce: boolean): boolean {
    return this.#since !== undefined && this.#spentCalls >= callsOf(bytes, isAtOnce)
  }

  /** A copy came to nothing: the next one has to be earned anew. */
  disturbed(): void {
    this.#spentCalls = 0
  }
}

const callsOf = (bytes: number, isAtOnce: boolean) => bytes / BYTES_PER_CALL + (isAtOnce ? 1 : CALLS_IN_BACKGROUND)
