import type { Clock, Lease } from '@sqlite-efs/lease'
import { DatabaseError } from './errors.js'
import type { Tenure } from './tenure.js'
import { Overtaken, Superseded, type Writer } from './writer.js'

/** What a turn works with. */
export interface TurnOptions {
  clock: Clock
  tenure: Tenure
  writer: Writer
  /** Adds what the line knows to an error that says that the file stays locked. */
  explainBusy(error: DatabaseError): Promise<DatabaseError>
}

/** The lease went, or the file knows a newer ticket: nothing was begun, and whose turn it was stands in line again. */
export class TurnIsOver {
  /** The file knows a newer ticket; the next lease will have a larger one. */
  readonly isSuperseded: boolean
  constructor(isSuperseded: boolean) {
    this.isSuperseded = isSuperseded
  }
}

/** Somebody's turn to write. */
export class Turn {
  readonly lease: Lease
  readonly writer: Writer
  readonly #options: TurnOptions
  readonly #patienceMs: () => number

  /** @param patienceMs how long a locked file is waited for */
  constructor(options: TurnOptions, lease: Lease, patienceMs: () => number) {
    this.lease = lease
    this.writer = options.writer
    this.#options = options
    this.#patienceMs = patienceMs
  }

  /**
   * Begins a transaction under the lease. The file has the last word on who is newest.
   *
   * @throws TurnIsOver, which is the queue's to catch; DatabaseError `BUSY`, `CONFIGURATION`, `SQLITE`
   */
  async begin(): Promise<void> {
    if (this.lease.signal.aborted || this.lease.remainingMs() <= 0) throw new TurnIsOver(false)
    try {
      await this.writer.begin(this.lease, this.#patienceMs())
    } catch (error) {
      if (error instanceof DatabaseError && error.code === 'BUSY') throw await this.#options.explainBusy(error)
      if (error instanceof Overtaken) throw new TurnIsOver(false)
      if (!(error instanceof Superseded)) throw error
      await this.#options.tenure.raise(error.floor)
      throw new TurnIsOver(true)
    }
  }

  commit(options: { inBackground?: boolean } = {}): Promise<void> {
    return this.writer.commit(this.lease, options)
  }

  /** Between two statements that may take long: there is no use in going on when the lease is lost. */
  async stayAlive(): Promise<void> {
    if (this.lease.remainingMs() > this.lease.ttlMs / 2) return
    try {
      await this.lease.renew()
    } catch (error) {
      throw this.writer.conflict(error)
    }
  }

  /** Milliseconds, to tell how long something takes. */
  nowMs(): number {
    return this.#options.clock.monotonicMs()
  }
}
