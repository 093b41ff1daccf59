import { Moment } from '@sqlite-efs/lease/internal'
import { DatabaseError } from '../contract/errors.js'
import type { Connection } from '../engine/connection.js'
import { type LockWait, retryWhileBusy, within } from '../engine/retry-while-busy.js'
import { isConnectionDoubtful } from '../engine/sqlite-error.js'
import { beginRead, endRead, type ReaderContext } from './read-lock.js'

/** A connection of its own for each read that lasts: the read half of a deferred transaction. */
export class LastingReaders {
  readonly #context: ReaderContext
  readonly #idle: Connection[] = []
  readonly #lasting = new Set<Connection>()
  /** Those that were begun on since the last {@link LastingReaders.discard}. */
  #recent = new WeakSet<Connection>()
  #waitingForNone: (() => void)[] = []
  #gate: Promise<void> | undefined

  constructor(context: ReaderContext) {
    this.#context = context
    context.freeze.onThaw(() => this.discard())
  }

  /**
   * Begins a read transaction that lasts until {@link LastingReaders.end}.
   *
   * @throws DatabaseError `BUSY` when the time is up, for a commit of this process too; what {@link ReadWindow.read} throws
   */
  async begin(timeoutMs: number): Promise<Connection> {
    const since = new Moment(this.#context.clock)
    if (this.#gate) return this.#beginPatiently(timeoutMs, since, undefined)
    try {
      return this.#beginNow()
    } catch (error) {
      return this.#beginPatiently(timeoutMs, since, error)
    }
  }

  /** @param met what the first attempt met; undefined where there was none */
  async #beginPatiently(timeoutMs: number, since: Moment, met: unknown): Promise<Connection> {
    const lockWait = { ...this.#context.lockWait(), timeoutMs }
    let failed = met
    return retryWhileBusy(lockWait, async () => {
      if (failed !== undefined) {
        const error = failed
        failed = undefined
        throw error
      }
      await this.#noCommit(lockWait, since)
      return this.#beginNow()
    })
  }

  #beginNow(): Connection {
    this.#context.freeze.look()
    const connection = this.#begun()
    this.#lasting.add(connection)
    this.#recent.add(connection)
    return connection
  }

  async #noCommit({ path, clock, timeoutMs }: LockWait, since: Moment): Promise<void> {
    while (this.#gate) {
      const isOpen = this.#gate.then(() => true)
      if (await within(clock, timeoutMs - since.elapsedMs(), isOpen)) continue
      const message = `${path} was being committed to by this process for ${Math.round(since.elapsedMs())} ms: it waits for those who read the file. Keep transactions short. Try again.`
      throw new DatabaseError('BUSY', message, { path })
    }
  }

  #begun(): Connection {
    for (let failures = 0; ; failures++) {
      try {
        return this.#begunOn(this.#unmoved() ?? this.#context.open())
      } catch (error) {
        // What an idle connection met may be its own past, and an I/O error may pass: a new one shows.
        if (!isConnectionDoubtful(error) || failures > 0) throw error
      }
    }
  }

  #unmoved(): Connection | undefined {
    const idle = this.#idle.pop()
    if (!idle?.isMoved) return idle
    idle.close()
    return undefined
  }

  #begunOn(connection: Connection): Connection {
    try {
      beginRead(connection)
    } catch (error) {
      if (isConnectionDoubtful(error)) connection.close()
      else this.#keep(connection)
      throw error
    }
    return connection
  }

  /**
   * Ends the read; the connection may be kept by its user for one more look, and then given to {@link LastingReaders.giveBack}.
   *
   * @throws DatabaseError `SQLITE` where the lock can't be given back: {@link LastingReaders.giveBack} closes the connection then
   */
  end(connection: Connection): void {
    try {
      endRead(connection)
    } finally {
      this.#lasting.delete(connection)
      if (this.#lasting.size === 0) for (const resolve of this.#waitingForNone.splice(0)) resolve()
    }
  }

  /** Ends the read, and the connection with it. */
  throwAway(connection: Connection): void {
    try {
      this.end(connection)
    } catch {
      // It goes anyway.
    }
    connection.close()
  }

  /**
   * Begins a read on a new connection, beside one that met an I/O error or a malformed page and keeps its lock meanwhile.
   *
   * @throws DatabaseError as {@link LastingReaders.begin}, but `SQLITE` where it would have to wait
   */
  beginBeside(): Connection {
    const another = this.#begunOn(this.#context.open())
    this.#lasting.add(another)
    this.#recent.add(another)
    return another
  }

  /** Keeps the connection for the next read, if it is worth it. */
  giveBack(connection: Connection): void {
    if (this.#recent.has(connection)) this.#keep(connection)
    else connection.close()
  }

  #keep(connection: Connection): void {
    if (connection.doubt || connection.inTransaction || this.#idle.length > 0) connection.close()
    else this.#idle.push(connection)
  }

  /** Lets no new read begin that lasts, until the returned function is called: a commit needs the file for itself. */
  holdBack(): () => void {
    let letGo = () => {}
    this.#gate = new Promise((resolve) => {
      letGo = resolve
    })
    return () => {
      this.#gate = undefined
      letGo()
    }
  }

  /** Resolves when no read lasts any more, or the time is up; says which. */
  async none(timeoutMs: number): Promise<boolean> {
    if (this.#lasting.size === 0) return true
    return new Promise((resolve) => {
      const cancel = this.#context.clock.after(timeoutMs, () => {
        this.#waitingForNone = this.#waitingForNone.filter((it) => it !== ended)
        resolve(false)
      })
      const ended = () => {
        cancel()
        resolve(true)
      }
      this.#waitingForNone.push(ended)
    })
  }

  /** Throws away what is not in use, and what is when it is given back. */
  discard(): void {
    this.#recent = new WeakSet()
    for (const connection of this.#idle.splice(0)) connection.close()
  }
}
