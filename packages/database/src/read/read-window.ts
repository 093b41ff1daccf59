import { setImmediate } from 'node:timers'
import { Moment } from '@sqlite-efs/lease/internal'
import { DatabaseError } from '../contract/errors.js'
import type { Listeners } from '../contract/events.js'
import type { SqlValue } from '../contract/values.js'
import type { Connection } from '../engine/connection.js'
import { isBusy, isConnectionDoubtful } from '../engine/sqlite-error.js'
import { Linger, MAX_LINGERING } from './linger.js'
import { beginRead, endRead, isUnchanged, MAX_SILENCE_MS, type ReaderContext } from './read-lock.js'
import { isWaitedFor, PLAIN_READ, type ReadOutcome, type ReadRequest, WaitingReads } from './waiting-reads.js'

/** Reads that take longer together get another window, so that a writer elsewhere gets its turn. */
const MAX_WINDOW_MS = 20
/** The same for the statements of one operation: another window costs it a round trip or more. */
const MAX_FOLLOWED_MS = 100
/** So often at the most a window asks whether the file is still the one at its path. */
export const LOOK_FOR_MOVE_MS = 1_000

/** What the read window needs beside that. */
export interface ReadWindowContext extends ReaderContext {
  path: string
  listeners: Listeners
}

/**
 * Runs reads. Those that are sent in one turn of the event loop share a read transaction, the window: taking and dropping the
 * shared lock is all of a warm read's cost over NFS. The window opens when all of them have been sent, and is closed before any
 * caller gets its result. So no lock is held while JavaScript runs, except for a caller that asks for it: see {@link Linger}.
 */
export class ReadWindow {
  readonly #context: ReadWindowContext
  readonly #linger = new Linger()
  #connection: Connection | undefined
  #isOpen = false
  #pending: ReadRequest[] = []
  /** Those that found the file locked, and those that came since. */
  readonly #waiting: WaitingReads
  #openedAtMs = 0
  #lookedAtMs = 0
  /** How long its statements have taken together. */
  #ranMs = 0
  /** Those that shared the window so far. */
  #reads = 0
  /** Whether the window serves a single operation. */
  #isSingle = false

  constructor(context: ReadWindowContext) {
    this.#context = context
    this.#waiting = new WaitingReads(context, (takeAll) => this.#serve(takeAll))
    context.freeze.onThaw(() => this.discard())
  }

  /**
   * Runs `action` in a window.
   *
   * @param outcomeOf says of the result what it was
   * @throws DatabaseError `BUSY`, `NOT_FOUND`, `CONFIGURATION`, `SQLITE`
   */
  read<T>(action: (connection: Connection) => T, outcomeOf: (result: T) => ReadOutcome = () => PLAIN_READ): Promise<T> {
    return new Promise((resolve, reject) => {
      const request: ReadRequest = {
        since: new Moment(this.#context.clock),
        timeoutMs: this.#context.lockWait().timeoutMs,
        failures: 0,
        run: (connection) => {
          const result = this.#run(action, connection)
          resolve(result)
          return outcomeOf(result)
        },
        fail: reject,
      }
      if (this.#waiting.isAnyone) this.#waiting.join(request)
      else if (this.#isOpen) this.#follow(request)
      else this.#schedule(request)
    })
  }

  /** Runs `action` at once, in a separate window. Fails if it would have to wait. */
  now<T>(action: (connection: Connection) => T): T {
    if (this.#waiting.isAnyone) throw this.#waiting.inTheWay
    const lingers = this.#isOpen
    try {
      return action(this.#window())
    } catch (error) {
      this.#discardAfter(error)
      throw error
    } finally {
      if (!lingers) this.closeWindow()
    }
  }

  #schedule(request: ReadRequest): void {
    this.#pending.push(request)
    if (this.#pending.length === 1) setImmediate(() => this.#runPending())
  }

  #runPending(): void {
    const requests = this.#pending.splice(0)
    try {
      this.#window()
    } catch (error) {
      for (const request of requests) this.#failed(request, error)
      return
    }
    this.#isSingle = requests.length === 1
    const microtasks = this.#runAll(requests)
    if (requests.length > MAX_LINGERING) this.closeWindow()
    else if (microtasks > 0) this.#linger.start(microtasks, () => this.closeWindow())
  }

  /** A read comes while the window lingers. */
  #follow(request: ReadRequest): void {
    if (this.#ranMs > MAX_FOLLOWED_MS) this.closeWindow()
    const microtasks = this.#runAll([request])
    if (microtasks > 0 && this.#isSingle) this.#linger.start(microtasks, () => this.closeWindow())
  }

  /** Runs reads in the open window, and closes it unless it may linger: says for how many microtasks. */
  #runAll(requests: readonly ReadRequest[]): number {
    let microtasks = Number.POSITIVE_INFINITY
    let hasRun = false
    for (const request of requests) {
      // Another one has found the file locked.
      if (this.#waiting.isAnyone) {
        this.#waiting.join(request)
        continue
      }
      try {
        if (hasRun && this.#ranMs > MAX_WINDOW_MS) this.closeWindow()
        hasRun = true
        const outcome = request.run(this.#window())
        if (outcome.isRead) this.#reads++
        microtasks = Math.min(microtasks, outcome.followUpMicrotasks)
      } catch (error) {
        this.#discardAfter(error)
        microtasks = 0
        this.#failed(request, error)
      }
    }
    if (microtasks === 0) this.closeWindow()
    return microtasks
  }

  /** Runs those that waited, as soon as the window opens. Throws if it does not. */
  #serve(takeAll: () => readonly ReadRequest[]): void {
    this.#window()
    this.#runAll(takeAll())
    // Microtasks of others may be left.
    this.closeWindow()
  }

  /** Answers a read that failed, or has it run again. */
  #failed(request: ReadRequest, error: unknown): void {
    if (isWaitedFor(error)) return this.#waiting.add(request, error)
    // The locks of a client that was silent for too long are gone, and its next I/O fails: a read is free to ask again.
    if (isConnectionDoubtful(error) && request.failures++ === 0) this.#schedule(request)
    else request.fail(error)
  }

  #run<T>(action: (connection: Connection) => T, connection: Connection): T {
    const begun = new Moment(this.#context.clock)
    const result = action(connection)
    const tookMs = begun.elapsedMs()
    this.#ranMs += tookMs
    return tookMs > MAX_SILENCE_MS ? this.#runAgain(action) : result
  }

  /** Of what took so long a part may be from before a freeze, and a part from after it. */
  #runAgain<T>(action: (connection: Connection) => T): T {
    this.discard()
    const connection = this.#window()
    const version: SqlValue = connection.value('PRAGMA data_version')
    const result = action(connection)
    if (isUnchanged(connection, version)) return result
    this.discard()
    throw new DatabaseError(
      'WRITE_CONFLICT',
      'Somebody wrote while this read took longer than a lock is sure to last, twice. It is safe to try again: read less at once.',
    )
  }

  /** The connection, with the lock. */
  #window(): Connection {
    if (this.#isOpen && this.#connection) return this.#connection
    this.#context.freeze.look()
    this.#lookForMove()
    this.#connection ??= this.#context.open()
    try {
      beginRead(this.#connection)
    } catch (error) {
      if (isConnectionDoubtful(error)) this.discard()
      throw error
    }
    this.#openedAtMs = this.#context.clock.monotonicMs()
    this.#ranMs = 0
    this.#reads = 0
    this.#isOpen = true
    return this.#connection
  }

  /** A connection reads the file that it opened, however long that has been replaced or deleted. */
  #lookForMove(): void {
    const nowMs = this.#context.clock.monotonicMs()
    if (this.#connection && nowMs - this.#lookedAtMs < LOOK_FOR_MOVE_MS) return
    this.#lookedAtMs = nowMs
    this.noticeMove()
  }

  /** Throws the connection away where another file stands at the path, or none. */
  noticeMove(): void {
    if (this.#connection?.isMoved) this.discard()
  }

  /** Gives the shared lock back, if it is held. */
  closeWindow(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#linger.stop()
    try {
      if (this.#connection) endRead(this.#connection)
    } catch {
      this.discard()
    }
    this.#tellWindow()
  }

  #tellWindow(): void {
    const { listeners, path, clock } = this.#context
    if (!listeners.isHeard) return
    const openMs = clock.monotonicMs() - this.#openedAtMs
    listeners.tell({ type: 'read-window', by: 'lock', path, reads: this.#reads, openMs })
  }

  /** A statement that met BUSY keeps its lock; a window that met it did not open, and its connection is as good as before. */
  #discardAfter(error: unknown): void {
    if (isConnectionDoubtful(error) || (isBusy(error) && this.#isOpen)) this.discard()
  }

  /** Throws the connection away; the next read opens a new one. */
  discard(): void {
    const wasOpen = this.#isOpen
    this.#isOpen = false
    this.#linger.stop()
    this.#connection?.close()
    this.#connection = undefined
    if (wasOpen) this.#tellWindow()
  }
}
