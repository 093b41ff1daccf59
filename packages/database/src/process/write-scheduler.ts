import type { Transaction } from '../contract/database.js'
import { DatabaseError } from '../contract/errors.js'
import type { ResultSet } from '../contract/values.js'
import type { EventLoop } from '../file/event-loop.js'
import type { FileOpener } from '../file/file-opener.js'
import type { CheckedOptions } from '../file/options.js'
import { kindByFirstWords } from '../sql/classify.js'
import type { KindCache } from '../sql/kind-cache.js'
import { ImmediateTransaction } from '../transaction/immediate-transaction.js'
import { type GroupOutcome, groupCommit, type Write } from '../write/group-commit.js'
import type { Job, TurnWanted } from '../write/job.js'
import type { LeaseKeeper } from '../write/lease-keeper.js'
import { explainBusy } from '../write/turn-errors.js'
import { WriteQueue } from '../write/write-queue.js'
import { TurnIsOver, type WriteTurn } from '../write/write-turn.js'
import type { Writer } from '../write/writer.js'
import type { Invocations } from './invocations.js'

/** What {@link WriteScheduler.write} is to wait for. */
export type WriteWanted = Omit<Job<Write>, 'groupable' | 'fail'>

/** What is written under the lease. */
export interface WriteSchedulerContext {
  options: CheckedOptions
  leaseKeeper: LeaseKeeper
  writer: Writer
  opener: FileOpener
  kindCache: KindCache
  eventLoop: EventLoop
  /** Nothing of this process may hold the file while it waits for the lease. */
  beforeWaiting(): void
  invocations(): Invocations
}

/** The turns to write one file, of all in this process who want one: alone, or in a commit with others. */
export class WriteScheduler {
  readonly #context: WriteSchedulerContext
  readonly #queue: WriteQueue<Write>

  constructor(context: WriteSchedulerContext) {
    this.#context = context
    const { options, leaseKeeper, writer, eventLoop, beforeWaiting, invocations } = context
    const { path, clock, release, tracer } = options
    this.#queue = new WriteQueue<Write>({
      path,
      clock,
      release,
      eventLoop,
      leaseKeeper,
      writer,
      tracer,
      runGroup: (writes, turn) => this.#runGroup(writes, turn),
      explainBusy: (error) => explainBusy(error, options),
      beforeWaiting,
      keepLease: () => invocations().keepLease,
    })
  }

  /** Whether nobody has a turn, or waits for one. */
  get isIdle(): boolean {
    return this.#queue.isIdle
  }

  /** Resolves when nobody waits and the lease is given back. */
  idle(): Promise<void> {
    return this.#queue.idle()
  }

  /** Runs one statement, in a commit with others that wait at the same time. */
  write({ sql, args }: Pick<Write, 'sql' | 'args'>, wanted: WriteWanted): Promise<ResultSet> {
    return new Promise((resolve, reject) => {
      this.#add({ ...wanted, groupable: { sql, args, resolve, reject }, fail: reject })
    })
  }

  /** Runs something in a turn of its own. */
  inTurn<T>({ mayCreate, ...wanted }: TurnWanted, action: (turn: WriteTurn) => Promise<T>): Promise<T> {
    const { options, opener } = this.#context
    return new Promise((resolve, reject) => {
      this.#add({
        ...wanted,
        trace: options.tracer.current(),
        fail: reject,
        run: async (turn) => {
          try {
            const result = await (mayCreate ? opener.allowedToCreate(() => action(turn)) : action(turn))
            return () => resolve(result)
          } catch (error) {
            if (error instanceof TurnIsOver) throw error
            turn.writer.rollback()
            return () => reject(error)
          }
        },
      })
    })
  }

  /** Begins a transaction; the promise resolves when it has the lease and the write lock. */
  transaction(timeoutMs: number): Promise<Transaction> {
    const { options, kindCache } = this.#context
    return new Promise((resolve, reject) => {
      this.#add({
        what: 'a transaction',
        timeoutOption: 'lease.transactionTimeoutMs',
        timeoutMs,
        trace: options.tracer.current(),
        fail: reject,
        run: async (turn) => {
          try {
            await turn.begin({ mayOnlyRead: true })
          } catch (error) {
            if (error instanceof TurnIsOver) throw error
            turn.writer.rollback()
            return () => reject(error)
          }
          const context = { path: options.path, kindCache }
          return new Promise((end) => resolve(new ImmediateTransaction(context, turn, end)))
        },
      })
    })
  }

  #add(job: Job<Write>): void {
    const admitted = this.#context.invocations().current()?.admit(job) ?? job
    if (admitted instanceof DatabaseError) job.fail(admitted)
    else this.#queue.add(admitted)
  }

  async #runGroup(writes: readonly Write[], turn: WriteTurn): Promise<GroupOutcome> {
    const defines = writes.some(({ sql }) => kindByFirstWords(sql) === 'write')
    return defines ? this.#context.opener.allowedToCreate(() => groupCommit(writes, turn)) : groupCommit(writes, turn)
  }
}
