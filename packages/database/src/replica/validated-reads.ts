import type { Clock } from '@sqlite-efs/lease'
import { nextTick } from '../engine/event-loop.js'
import { Linger, MAX_LINGERING } from '../read/linger.js'
import type { ReadOutcome } from '../read/waiting-reads.js'
import type { Copy } from './copy.js'

/** A read that waits for its READ. */
export interface ValidatedRead {
  /** Runs it on a copy that was found to be true, and answers its caller. Throws where the copy is worth nothing. */
  run(copy: Copy): ReadOutcome
  /** Runs it on the live file. */
  runLive(): void
}

/** What validates the copy, and serves what can't be read from it. */
export interface Validator {
  clock: Pick<Clock, 'monotonicMs'>
  /** The copy, once one READ has shown that it is true; undefined where it is not. */
  validated(): Promise<Copy | undefined>
  /** The copy was found to be worth nothing. */
  failed(copy: Copy, error: unknown): void
  /** That many reads were answered, and took so long together. */
  served(reads: number, openMs: number): void
}

/**
 * Reads that share READs of the header: those that are sent in one turn of the event loop, and those that come while a READ is under way, which
 * wait for the next one. A read never joins a READ that began before it: a commit might have been acknowledged in between.
 */
export class ValidatedReads {
  readonly #validator: Validator
  readonly #linger = new Linger()
  #pending: ValidatedRead[] = []
  #isAtWork = false
  /** The copy that the statements of one operation go on reading. */
  #followed: Copy | undefined
  #isSingle = false

  constructor(validator: Validator) {
    this.#validator = validator
  }

  add(read: ValidatedRead): void {
    if (this.#followed) return this.#follow(read, this.#followed)
    this.#pending.push(read)
    if (this.#isAtWork) return
    this.#isAtWork = true
    void this.#work()
  }

  /** What follows begins anew: the state of the file has changed here. */
  stopLingering(): void {
    this.#followed = undefined
    this.#linger.stop()
  }

  async #work(): Promise<void> {
    while (this.#pending.length > 0) {
      // All that are sent in this turn share it; and what needs no READ must not keep the event loop.
      await nextTick()
      const reads = this.#pending.splice(0)
      const copy = await this.#validator.validated()
      if (copy) this.#serve(reads, copy)
      else for (const read of reads) read.runLive()
    }
    this.#isAtWork = false
  }

  #serve(reads: readonly ValidatedRead[], copy: Copy): void {
    this.#isSingle = reads.length === 1
    const microtasks = this.#runAll(reads, copy)
    if (microtasks > 0 && reads.length <= MAX_LINGERING) this.#lingerFor(microtasks, copy)
  }

  /** The next statement of an operation: it sees what the one before has seen. */
  #follow(read: ValidatedRead, copy: Copy): void {
    const microtasks = this.#runAll([read], copy)
    if (microtasks === 0) this.stopLingering()
    else if (this.#isSingle) this.#lingerFor(microtasks, copy)
  }

  #lingerFor(microtasks: number, copy: Copy): void {
    this.#followed = copy
    this.#linger.start(microtasks, () => this.stopLingering())
  }

  /** Returns for how many microtasks its readers may go on. */
  #runAll(reads: readonly ValidatedRead[], copy: Copy): number {
    const startedMs = this.#validator.clock.monotonicMs()
    let microtasks = Number.POSITIVE_INFINITY
    let served = 0
    let failure: { error: unknown } | undefined
    for (const read of reads) {
      if (!failure) {
        try {
          const outcome = read.run(copy)
          if (outcome.isRead) served++
          microtasks = Math.min(microtasks, outcome.followUpMicrotasks)
          continue
        } catch (error) {
          failure = { error }
          this.#validator.failed(copy, error)
        }
      }
      microtasks = 0
      read.runLive()
    }
    if (served > 0) this.#validator.served(served, this.#validator.clock.monotonicMs() - startedMs)
    return microtasks
  }
}
