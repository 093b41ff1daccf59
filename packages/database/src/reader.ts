import { Moment } from '@sqlite-efs/lease'
import type { Connection } from './connection.js'
import { DatabaseError } from './errors.js'
import type { Listeners } from './events.js'
import { hasLostPatience, MAX_PAUSE_MS, type Patience, whileBusy } from './patience.js'
import { beginRead, endRead, isUnchanged, MAX_SILENCE_MS, type ReaderContext } from './read-lock.js'
import { isBusy, isConnectionDoubtful, needsRecovery } from './sqlite-error.js'
import type { SqlValue } from './statement.js'

/** A window that is fed all the time is closed after this long, so that a writer elsewhere gets its turn. */
const MAX_WINDOW_MS = 20
/** So often at the most a window asks whether the file is still the one at its path. */
const LOOK_FOR_MOVE_MS = 1_000

/** What the read window needs beside that. */
export interface WindowContext extends ReaderContext {
  path: string
  listeners: Listeners
}

/**
 * Reads that follow one another share a read transaction, the window: taking and dropping the shared lock is all of a
 * warm read's cost over NFS. It is closed before the event loop waits for I/O, and before this process commits.
 */
export class Reader {
  readonly #context: WindowContext
  #connection: Connection | undefined
  #closing: NodeJS.Immediate | undefined
  /** Resolves when the window has opened, or can't be: with what failed then. */
  #opening: Promise<unknown> | undefined
  #inTheWay: unknown
  #openedAtMs = 0
  #lookedAtMs = 0
  /** Those that shared the window so far. */
  #reads = 0

  constructor(context: WindowContext) {
    this.#context = context
  }

  /**
   * Runs `action` in the window: at once, where nobody is in the way, and then without a promise.
   *
   * @throws DatabaseError `BUSY`, `NOT_FOUND`, `CONFIGURATION`, `SQLITE`
   */
  read<T>(action: (connection: Connection) => T): T | Promise<T> {
    const since = new Moment(this.#context.clock)
    try {
      return this.#read(action, since)
    } catch (error) {
      return this.#readOn(action, since, error)
    }
  }

  /** Goes on where the first attempt failed. */
  async #readOn<T>(action: (connection: Connection) => T, since: Moment, met: unknown): Promise<T> {
    const patience = this.#context.patience()
    for (let failures = 0, error = met; ; ) {
      const isWaitedFor = isBusy(error) || needsRecovery(error)
      const failure = isWaitedFor ? await this.#waitForWindow(patience, since, error) : error
      // The locks of a client that was silent for too long are gone, and its next I/O fails: a read is free to ask again.
      if (failure !== undefined && (!isConnectionDoubtful(failure) || failures++ > 0)) throw failure
      try {
        return this.#read(action, new Moment(patience.clock))
      } catch (another) {
        error = another
      }
    }
  }

  /** In one go: between opening the window and using it, this process's own commit could close it. */
  #read<T>(action: (connection: Connection) => T, begun: Moment): T {
    const result = this.readNow(action)
    this.#reads++
    return begun.elapsedMs() > MAX_SILENCE_MS ? this.#readAgain(action) : result
  }

  /** Of what took so long a part may be from before a freeze, and a part from after it. */
  #readAgain<T>(action: (connection: Connection) => T): T {
    this.discard()
    let version: SqlValue = null
    const result = this.readNow((connection) => {
      version = connection.value('PRAGMA data_version')
      return action(connection)
    })
    const connection = this.#connection
    if (connection && isUnchanged(connection, version)) return result
    this.discard()
    throw new DatabaseError(
      'WRITE_CONFLICT',
      'Somebody wrote while this read took longer than a lock is sure to last, twice. It is safe to try again: read less at once.',
    )
  }

  /** As {@link Reader.read}, but fails where it would have to wait, and does not count as a read. */
  readNow<T>(action: (connection: Connection) => T): T {
    // Somebody asks for it already.
    if (this.#opening && !this.#closing) throw this.#inTheWay
    const connection = this.#window()
    try {
      return action(connection)
    } catch (error) {
      if (isConnectionDoubtful(error) || isBusy(error)) this.discard()
      throw error
    }
  }

  /**
   * Waits until the window has opened, and returns what failed otherwise. One of those who wait asks for the lock, for all: each
   * look is a remote call that the event loop waits for.
   */
  async #waitForWindow(patience: Patience, since: Moment, inTheWay: unknown): Promise<unknown> {
    const leftMs = () => patience.timeoutMs - since.elapsedMs()
    this.#opening ??= this.#open(
      { ...patience, timeoutMs: leftMs(), onTimeout: () => patience.onTimeout(since.elapsedMs()) },
      inTheWay,
    )
    const failure = await this.#opening
    // It was the patience of whoever asked that ended: the next one asks, but not for what is left of a pause.
    return hasLostPatience(failure) && leftMs() > MAX_PAUSE_MS ? undefined : failure
  }

  async #open(patience: Patience, inTheWay: unknown): Promise<unknown> {
    this.#inTheWay = inTheWay
    let looks = 0
    try {
      await whileBusy(patience, () => {
        // The first look was the caller's.
        if (looks++ === 0) throw inTheWay
        this.#window()
      })
      return undefined
    } catch (error) {
      return error
    } finally {
      this.#opening = undefined
    }
  }

  #window(): Connection {
    if (this.#closing && this.#context.clock.monotonicMs() - this.#openedAtMs > MAX_WINDOW_MS) this.closeWindow()
    if (this.#closing && this.#connection) return this.#connection
    this.#context.noticeFreeze()
    this.#lookForMove()
    this.#connection ??= this.#context.open()
    try {
      beginRead(this.#connection)
    } catch (error) {
      if (isConnectionDoubtful(error)) this.discard()
      throw error
    }
    this.#openedAtMs = this.#context.clock.monotonicMs()
    this.#reads = 0
    this.#closing = setImmediate(() => this.closeWindow())
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
    if (!this.#closing) return
    clearImmediate(this.#closing)
    this.#closing = undefined
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
    listeners.tell({ type: 'read-window', path, reads: this.#reads, openMs })
  }

  /** Throws the connection away; the next read opens a new one. */
  discard(): void {
    const wasOpen = this.#closing !== undefined
    clearImmediate(this.#closing)
    this.#closing = undefined
    this.#connection?.close()
    this.#connection = undefined
    if (wasOpen) this.#tellWindow()
  }
}
