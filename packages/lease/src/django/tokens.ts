import { check } from '../contract/options.js'
import type { Clock } from '../time/clock.js'
import { TICKET_LIMIT } from './lock-item.js'

/** A token for each of them, by the clock: finer ones would pass the fence's window of 2^30 sooner. */
const TOKEN_MS = 100
/** After a raise: how many turns a neighbour may take meanwhile without being ahead again. */
const LEAD = 16

/** The highest token that this process has had for a key, whichever leaser had it. */
const highest = new Map<string, number>()

/**
 * Fencing tokens where the protocol has none: tenths of a second since 1970, and always more than this process has had
 * before. So they grow within a process, and from process to process wherever the clock that is read later shows more.
 *
 * Not milliseconds: the fence in a file has 31 bits, of which RFC 1982's comparison can use a distance of 2^30. In
 * milliseconds that is 12 days, after which a file that nobody wrote meanwhile looks newer than every token; in tenths of a
 * second it is 3.4 years. Not seconds: a process that takes its turn more than once in each would be ahead of its own clock
 * for ever, and everybody else behind it.
 */
export class DjangoTokens {
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The one for a lock that is asked for now. */
  next(key: string): number {
    return Math.max(Math.floor(this.#clock.wallMs() / TOKEN_MS), this.highest(key) + 1)
  }

  /** False where somebody else in this process has had one as high. */
  take(key: string, token: number): boolean {
    if (token <= this.highest(key)) return false
    highest.set(key, token)
    return true
  }

  /** 0 where there was none yet. */
  highest(key: string): number {
    return highest.get(key) ?? 0
  }

  /** Lifts the next ones above `floor`, where they are not already. */
  raise(key: string, floor: number): void {
    if (floor + LEAD >= TICKET_LIMIT) throw check.wrong('floor', 'be below 2^48 - 16 with this protocol', floor)
    if (this.next(key) > floor) return
    highest.set(key, floor + LEAD)
  }
}
