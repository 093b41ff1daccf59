import { DatabaseError } from '../contract/errors.js'
import type { StatementKind } from '../contract/values.js'
import type { Connection } from '../engine/connection.js'
import { GENERIC_ERROR } from '../engine/sqlite-error.js'
import { kindByCommand, kindByFirstWords } from '../sql/classify.js'
import type { KindCache } from '../sql/kind-cache.js'
import type { ReadWindow } from './read-window.js'
import { NO_READ, type ReadOutcome } from './waiting-reads.js'

/** What a statement is read with. */
export interface Reads {
  for(sql: string): Pick<ReadWindow, 'read'>
}

/** What single statements are told apart with. */
export interface StatementKindsContext {
  kindCache: KindCache
  /** Answers at once, on the live file. */
  window: Pick<ReadWindow, 'now'>
  reads: Reads
  /** What waits for its turn there may create what a statement needs. */
  scheduler: { readonly isIdle: boolean }
}

/** What a statement turned out to be; of a read that was run in the same window also its result. */
export type Told<T> = { kind: 'read'; result?: T | undefined } | { kind: 'write' }

/** Whether single statements read or write: SQLite is asked, on a connection that reads. */
export class StatementKinds {
  readonly #context: StatementKindsContext

  constructor(context: StatementKindsContext) {
    this.#context = context
  }

  /**
   * The kind, where no lock is in the way of asking: in the caller's own turn, so that writes stay in their order, and go on
   * under the lease of the one before.
   *
   * @throws DatabaseError `STATEMENT_REFUSED`
   */
  now(sql: string): StatementKind | 'probably-read' | undefined {
    const { kindCache, window } = this.#context
    const known = kindCache.known(sql, 'alone')
    if (known) return known
    kindCache.refuseUnsafe(sql, 'alone')
    // SQLite can be asked whether it has what the query names in the window that the query is run in.
    if (kindByCommand(sql) === 'read') return 'probably-read'
    try {
      return window.now((connection) => kindCache.of(sql, 'alone', () => connection.kindOf(sql, 'alone')))
    } catch (error) {
      return this.#despite(error, sql)
    }
  }

  /**
   * The kind, once no lock is in the way.
   *
   * @param read run in the same window if the statement reads
   * @throws DatabaseError
   */
  async ask<T>(
    sql: string,
    read?: (connection: Connection) => T,
    outcomeOf: (result: T) => ReadOutcome = () => NO_READ,
  ): Promise<Told<T>> {
    const { kindCache, reads } = this.#context
    let kind: StatementKind | undefined
    try {
      return await reads.for(sql).read<Told<T>>(
        (connection) => {
          kind = undefined
          kind = kindCache.of(sql, 'alone', () => connection.kindOf(sql, 'alone'))
          return kind === 'read' && read ? { kind, result: read(connection) } : { kind }
        },
        (told) => (told.kind === 'read' && told.result ? outcomeOf(told.result) : NO_READ),
      )
    } catch (error) {
      if (kind || this.#despite(error, sql) !== 'write') throw error
      return { kind: 'write' }
    }
  }

  /** What a statement is that can't be compiled yet, if it may be later. */
  #despite(error: unknown, sql: string): StatementKind | undefined {
    if (!(error instanceof DatabaseError)) return undefined
    // Only a definition has anything to do in a file that is not there yet.
    if (error.code === 'NOT_FOUND' && kindByFirstWords(sql) === 'write') return 'write'
    const isMissing = error.code === 'NOT_FOUND' || error.details.extendedCode === GENERIC_ERROR
    return isMissing && !this.#context.scheduler.isIdle ? 'write' : undefined
  }
}
