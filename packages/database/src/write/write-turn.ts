import type { Lease } from '@sqlite-efs/lease'
import { DatabaseError } from '../contract/errors.js'
import { noTracer, type TraceContext } from '../contract/tracing.js'
import type { EventLoop } from '../engine/event-loop.js'
import { retryWhileBusy } from '../engine/retry-while-busy.js'
import { isConnectionDoubtful } from '../engine/sqlite-error.js'
import { checkFence } from '../file/fence.js'
import type { FreezeDetector } from '../file/freeze-detector.js'
import { LeaseGuard } from './lease-guard.js'
import type { LeaseKeeper } from './lease-keeper.js'
import { TransactionStats } from './transaction-stats.js'
import { WriteTransaction, type WriteTransactionContext } from './write-transaction.js'
import type { WriterConnection } from './writer-connection.js'

/** What turns work with. */
export interface WriteTurnContext extends WriteTransactionContext {
  eventLoop: EventLoop
  freeze: FreezeDetector
  leaseKeeper: LeaseKeeper
  /** Adds what the line knows to an error that says that the file stays locked. */
  explainBusy(error: DatabaseError): Promise<DatabaseError>
}

/** Whose turn it is. */
export interface TurnOf {
  /** How long a locked file is waited for. */
  lockWaitMs(): number
  /** How long the first of them has waited. */
  waitedMs(): number
  /** Where each of those that are traced was as it began to wait. */
  traces: readonly TraceContext[]
}

/** How a transaction begins. */
export interface BeginOptions {
  /** It may turn out that it only reads: what is of use only to a write is done before the first one. @default false */
  mayOnlyRead?: boolean
}

/** By its name: where this package is loaded twice, one copy may run the other one's turns. */
const IS_OVER = Symbol.for('@sqlite-efs/database.turn-is-over@1')

/** The lease went, or the file knows a newer ticket: nothing was begun, and the jobs of this turn stand in line again. */
export class TurnIsOver {
  readonly [IS_OVER] = true
  /** The file knows a newer ticket; the next lease will have a larger one. */
  readonly isSuperseded: boolean
  constructor(isSuperseded: boolean) {
    this.isSuperseded = isSuperseded
  }

  static [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && IS_OVER in value
  }
}

/** A newer ticket than the lease's is in the file: its holder wrote after this lease was granted, or the table was lost. */
class Superseded {
  /** The file's fence as a full ticket number: the leaser must hand out larger ones. */
  readonly floor: number
  constructor(floor: number) {
    this.floor = floor
  }
}

/** A turn to write, under one lease. What it can do is begin transactions. */
export class WriteTurn {
  readonly lease: Lease
  readonly guard: LeaseGuard
  readonly connection: WriterConnection
  readonly #context: WriteTurnContext
  readonly #of: TurnOf

  constructor(context: WriteTurnContext, lease: Lease, of: TurnOf) {
    this.lease = lease
    this.guard = new LeaseGuard(context, lease)
    this.connection = context.connection
    this.#context = context
    this.#of = of
  }

  /**
   * Begins a transaction under the lease: takes SQLite's write lock and asks the fence. The file has the last word on who is newest.
   *
   * @throws TurnIsOver, which is the queue's to catch; DatabaseError `BUSY`, `CONFIGURATION`, `SQLITE`
   */
  async begin({ mayOnlyRead = false }: BeginOptions = {}): Promise<WriteTransaction> {
    this.#mustHaveItsLease()
    const { leaseKeeper, explainBusy, tracer = noTracer } = this.#context
    const { traces, waitedMs } = this.#of
    const attributes = { 'sqlite_efs.token': this.lease.token, 'sqlite_efs.waited_ms': Math.round(waitedMs()) }
    try {
      return await tracer.span({ name: 'begin', parent: traces[0], attributes }, () => this.#begin(mayOnlyRead))
    } catch (error) {
      if (error instanceof DatabaseError && error.code === 'BUSY') throw await explainBusy(error)
      if (!(error instanceof Superseded)) throw error
      await leaseKeeper.raise(error.floor)
      throw new TurnIsOver(true)
    }
  }

  async #begin(mayOnlyRead: boolean): Promise<WriteTransaction> {
    const { path, clock, fencing, connection } = this.#context
    const { traces, waitedMs } = this.#of
    await this.#takeWriteLock()
    this.guard.begun()
    const stats = new TransactionStats(() => clock.monotonicMs(), waitedMs())
    const begun = { lease: this.lease, guard: this.guard, stats, waitedMs, traces }
    try {
      connection.current.noticeSchema()
      const fence = checkFence(connection.current, path, this.lease.token, fencing)
      if (fence.verdict === 'superseded') throw new Superseded(fence.floor)
      const transaction = new WriteTransaction(this.#context, { ...begun, fenceIsStored: fence.verdict === 'stored' })
      if (!mayOnlyRead) transaction.beReadyToWrite()
      return transaction
    } catch (error) {
      connection.rollback()
      throw error
    }
  }

  async #takeWriteLock(): Promise<void> {
    const { connection, freeze, lockWait } = this.#context
    freeze.look()
    for (let failures = 0; ; failures++) {
      try {
        const beforeRetry = async () => this.#mustHaveItsLease()
        await retryWhileBusy({ ...lockWait(), timeoutMs: this.#of.lockWaitMs(), beforeRetry }, () =>
          connection.opened().exec('BEGIN IMMEDIATE'),
        )
        return
      } catch (error) {
        connection.discard()
        if (!isConnectionDoubtful(error) || failures > 0) throw error
      }
    }
  }

  /** @throws TurnIsOver */
  #mustHaveItsLease(): void {
    if (!this.guard.isAlive) throw new TurnIsOver(false)
  }
}
