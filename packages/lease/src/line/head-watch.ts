import type { Contender } from '../contract/lease.js'
import { MAX_TTL_MS } from '../contract/options.js'
import { type Clock, Moment } from '../time/clock.js'

/** The head of a line, as this process has seen it. */
export interface SeenHead extends Pick<Contender, 'id' | 'aliveUntilMs'> {
  /** When this contender was first seen there, epoch milliseconds. */
  sinceMs: number
  /** Since when it has not renewed. */
  unchangedSince: Moment
}

/** What a watcher knows of time. */
interface WatchSettings {
  clock: Clock
  ttlMs: number
  maxClockSkewMs: number
}

/**
 * Tells when the head of a line is dead. A live holder says a later time at each renewal, and counts its lease as over once it
 * has not renewed for its length. So one that was seen unchanged for as long is dead, however late a time it said: by a clock that
 * was ahead then. What was seen is kept from one wait to the next: a wait may be shorter than a lease.
 */
export class HeadWatch {
  readonly #settings: WatchSettings
  readonly #seen = new Map<string, SeenHead>()

  constructor(settings: WatchSettings) {
    this.#settings = settings
  }

  /** Has to be told of each look at the line for `key`. */
  isDead(key: string, head: Contender): boolean {
    const { clock, ttlMs, maxClockSkewMs } = this.#settings
    const wallMs = clock.wallMs()
    const seen = this.#look(key, head, wallMs)
    if (head.aliveUntilMs + maxClockSkewMs < wallMs) return true
    const unchangedMs = seen.unchangedSince.surelyElapsedMs()
    if (head.ttlMs !== undefined) return unchangedMs > head.ttlMs + maxClockSkewMs
    // How long its lease is, is not known: at most an hour.
    const isAbsurd = head.aliveUntilMs > wallMs + MAX_TTL_MS + maxClockSkewMs
    return isAbsurd && unchangedMs > ttlMs
  }

  #look(key: string, { id, aliveUntilMs }: Contender, wallMs: number): SeenHead {
    const before = this.#seen.get(key)
    const isSame = before?.id === id
    // A wall clock that was set back would hide how long it was watched.
    const isUnchanged = isSame && before.aliveUntilMs === aliveUntilMs && before.unchangedSince.wallMs <= wallMs
    if (isUnchanged) return before
    const sinceMs = isSame ? before.sinceMs : wallMs
    const seen = { id, aliveUntilMs, sinceMs, unchangedSince: new Moment(this.#settings.clock) }
    this.#seen.set(key, seen)
    return seen
  }

  /** What was seen of this contender at the head of the line for `key`. */
  seen(key: string, { id }: Contender): SeenHead | undefined {
    const seen = this.#seen.get(key)
    return seen?.id === id ? seen : undefined
  }

  /** This process is the head itself. */
  forget(key: string): void {
    this.#seen.delete(key)
  }

  /** How long one that died at the last look goes on being the head, epoch milliseconds. */
  presumedAliveUntilMs(key: string, head: Contender): number {
    const { clock, maxClockSkewMs } = this.#settings
    const saysMs = head.aliveUntilMs + maxClockSkewMs
    const seen = this.seen(key, head)
    if (head.ttlMs === undefined || !seen) return saysMs
    const watchedMs = seen.unchangedSince.surelyElapsedMs()
    return Math.min(saysMs, clock.wallMs() + Math.max(0, head.ttlMs + maxClockSkewMs - watchedMs))
  }
}
