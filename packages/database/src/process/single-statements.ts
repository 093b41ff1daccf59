import type { TraceContext, Tracer } from '../contract/tracing.js'
import type { ResultSet, SqlValue, StatementKind } from '../contract/values.js'
import { outcomeOf, reading, type SingleStatement } from '../read/single-read.js'
import type { Reads, StatementKinds } from '../read/statement-kinds.js'
import type { SubmissionOrder } from './submission-order.js'
import type { WriteScheduler, WriteWanted } from './write-scheduler.js'

/** What single statements are run with. */
export interface SingleStatementsContext {
  tracer: Tracer
  reads: Reads
  kinds: StatementKinds
  submissionOrder: SubmissionOrder
  scheduler: WriteScheduler
}

/** Runs statements that are sent one by one: a read in a window, a write in its turn. */
export class SingleStatements {
  readonly #context: SingleStatementsContext

  constructor(context: SingleStatementsContext) {
    this.#context = context
  }

  /** @param followUpMicrotasks within how many microtasks the next statement of the same operation may come */
  execute(sql: string, args: readonly SqlValue[], timeoutMs: number, followUpMicrotasks = 0): Promise<ResultSet> {
    const { kinds, submissionOrder, scheduler, tracer } = this.#context
    const kind = kinds.now(sql)
    const statement = { sql, args, followUpMicrotasks }
    const trace = tracer.current()
    if (kind === 'read') return this.#read(statement, trace)
    const write: WriteWanted = { what: 'a write', timeoutOption: 'lease.timeoutMs', timeoutMs, trace }
    if (kind === 'probably-read') return this.#readNew(statement, write)
    if (kind === 'write' && !submissionOrder.underWay) return scheduler.write(statement, write)
    return this.#executeLater(kind, statement, write)
  }

  /** A query whose text is new is asked about and run in one window, unless its span has to begin in between. */
  async #readNew(statement: SingleStatement, write: WriteWanted): Promise<ResultSet> {
    const { sql } = statement
    const { kinds } = this.#context
    const told = write.trace
      ? await kinds.ask<ResultSet>(sql)
      : await kinds.ask(sql, reading(statement), (result) => outcomeOf(statement, result, false))
    if (told.kind === 'write') return this.#executeLater('write', statement, write)
    return told.result ?? this.#read(statement, write.trace)
  }

  /** Whether a statement writes can't be asked while another process commits; what was sent after it must not overtake it. */
  async #executeLater(
    kind: StatementKind | undefined,
    statement: SingleStatement,
    write: WriteWanted,
  ): Promise<ResultSet> {
    const { kinds, submissionOrder, scheduler } = this.#context
    const { result } = await submissionOrder.enter(async (before) => {
      const known = kind ?? (await kinds.ask(statement.sql)).kind
      if (known === 'read') return { result: this.#read(statement, write.trace) }
      await before
      return { result: scheduler.write(statement, write) }
    })
    return result
  }

  #read(statement: SingleStatement, parent: TraceContext | undefined): Promise<ResultSet> {
    const { tracer } = this.#context
    const reads = this.#context.reads.for(statement.sql)
    const isTraced = parent !== undefined
    const read = () => reads.read(reading(statement), (result) => outcomeOf(statement, result, isTraced))
    if (!isTraced) return read()
    return tracer.span({ name: 'read', parent }, async (span) => {
      const result = await read()
      span.set({ 'sqlite_efs.rows': result.rows.length })
      return result
    })
  }
}
