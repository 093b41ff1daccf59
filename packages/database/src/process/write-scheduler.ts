import { DatabaseError } from '../contract/errors.js'
import type { TraceContext } from '../contract/tracing.js'
import type { ResultSet } from '../contract/values.js'
import type { FileOpener } from '../file/file-opener.js'
import { kindByFirstWords } from '../sql/classify.js'
import type { KindCache } from '../sql/kind-cache.js'
import { ImmediateTransaction } from '../transaction/immediate-transaction.js'
import { type GroupOutcome, groupCommit, type Write } from '../write/group-commit.js'
import type { Job, TurnWanted } from '../write/job.js'
import { WriteQueue, type WriteQueueContext } from '../write/write-queue.js'
import type { WriteTransaction } from '../write/write-transaction.js'
import { TurnIsOver, type WriteTurn } from '../write/write-turn.js'
import type { InvocationScope } from './invocation-scope.js'

/** What {@link WriteScheduler.write} is to wait for. */
export type WriteWanted = Omit<Job<Write>, 'groupable' | 'fail'>

/** What a scheduler works with. */
export interface WriteSchedulerContext extends Omit<WriteQueueContext<Write>, 'runGroup'> {
  opener: Pick<FileOpener, 'allowedToCreate' | 'mustBeThere'>
  kindCache: KindCache
  invocations: InvocationScope
}

/** The turns to write one file, of all in this process that want one: alone, or in a commit with others. */
export class WriteScheduler {
  readonly #context: WriteSchedulerContext
  readonly #queue: WriteQueue<Write>

  constructor(context: WriteSchedulerContext) {
    this.#context = context
    this.#queue = new WriteQueue<Write>({ ...context, runGroup: (writes, turn) => this.#runGroup(writes, turn) })
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
    const { opener, connection } = this.#context
    return new Promise((resolve, reject) => {
      if (!mayCreate) this.mustBeThere()
      this.#add({
        ...wanted,
        trace: this.#trace,
        fail: reject,
        run: async (turn) => {
          try {
            const result = await (mayCreate ? opener.allowedToCreate(() => action(turn)) : action(turn))
            return () => resolve(result)
          } catch (error) {
            if (error instanceof TurnIsOver) throw error
            connection.rollback()
            return () => reject(error)
          }
        },
      })
    })
  }

  /** Begins a transaction; the promise resolves when it has the lease and the write lock. */
  transaction(timeoutMs: number): Promise<ImmediateTransaction> {
    return new Promise((resolve, reject) => {
      this.mustBeThere()
      this.#add({
        what: 'a transaction',
        timeoutOption: 'lease.transactionTimeoutMs',
        timeoutMs,
        trace: this.#trace,
        fail: reject,
        run: async (turn) => {
          let begun: WriteTransaction
          try {
            begun = await turn.begin({ mayOnlyRead: true })
          } catch (error) {
            if (error instanceof TurnIsOver) throw error
            this.#context.connection.rollback()
            return () => reject(error)
          }
          return new Promise((end) => resolve(new ImmediateTransaction(this.#context, turn.lease, begun, end)))
        },
      })
    })
  }

  /** What only goes on in a database must not make one. @throws DatabaseError `NOT_FOUND` */
  mustBeThere(): void {
    const { connection, opener } = this.#context
    if (!connection.isOpen && this.isIdle) opener.mustBeThere()
  }

  get #trace(): TraceContext | undefined {
    return this.#context.tracer?.current()
  }

  #add(job: Job<Write>): void {
    const admitted = this.#context.invocations.current()?.admit(job) ?? job
    if (admitted instanceof DatabaseError) job.fail(admitted)
    else this.#queue.add(admitted)
  }

  async #runGroup(writes: readonly Write[], turn: WriteTurn): Promise<GroupOutcome> {
    const defines = writes.some(({ sql }) => kindByFirstWords(sql) === 'write')
    return defines ? this.#context.opener.allowedToCreate(() => groupCommit(writes, turn)) : groupCommit(writes, turn)
  }
}
