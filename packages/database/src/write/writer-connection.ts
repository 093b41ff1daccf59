import { DatabaseError } from '../contract/errors.js'
import type { FileConnection } from '../engine/connection.js'
import type { FreezeDetector } from '../file/freeze-detector.js'

/** What {@link WriterConnection} works with. */
export interface WriterConnectionContext {
  open(): FileConnection
  freeze: FreezeDetector
}

/** The one connection of this process that writes: opened when it is needed, and thrown away when it is worth nothing any more. */
export class WriterConnection {
  readonly #open: () => FileConnection
  #connection: FileConnection | undefined
  /** The process was frozen while a transaction was open: the connection goes with it. */
  #isOutdated = false

  constructor({ open, freeze }: WriterConnectionContext) {
    this.#open = open
    freeze.onThaw(() => this.#discardWhenOver())
  }

  /** Whether the file was opened already. */
  get isOpen(): boolean {
    return this.#connection !== undefined
  }

  /** Whether a transaction is open, according to SQLite itself. */
  get inTransaction(): boolean {
    return this.#connection?.inTransaction ?? false
  }

  /** Whether a statement met an error after which the connection must be thrown away. */
  get isDoubtful(): boolean {
    return this.#connection?.doubt !== undefined
  }

  /** @throws DatabaseError `TRANSACTION_CLOSED` where the file is not open */
  get current(): FileConnection {
    if (!this.#connection) throw new DatabaseError('TRANSACTION_CLOSED', 'There is no transaction.')
    return this.#connection
  }

  /** The connection to the file that stands at the path now. */
  opened(): FileConnection {
    if (this.#connection?.isMoved) this.discard()
    this.#connection ??= this.#open()
    return this.#connection
  }

  /** Ends the transaction and leaves nothing behind. Never throws: a connection that can't is thrown away. */
  rollback(): void {
    const connection = this.#connection
    if (!connection) return
    try {
      if (connection.inTransaction) connection.exec('ROLLBACK')
      if (connection.doubt || this.#isOutdated) this.discard()
    } catch {
      this.discard()
    }
  }

  /** A transaction was committed: a connection that is from before a freeze has served its time. */
  committed(): void {
    if (this.#isOutdated) this.discard()
  }

  #discardWhenOver(): void {
    if (this.inTransaction) this.#isOutdated = true
    else this.discard()
  }

  /** Throws the connection away, and what is open in it. */
  discard(): void {
    this.#connection?.close()
    this.#connection = undefined
    this.#isOutdated = false
  }
}
