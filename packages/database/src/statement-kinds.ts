import type { Classification } from './classification.js'
import { kindByFirstWords } from './classify.js'
import { DatabaseError } from './errors.js'
import type { Reader } from './reader.js'
import { GENERIC_ERROR } from './sqlite-error.js'
import type { StatementKind } from './statement.js'

/** What single statements are told apart with. */
export interface StatementKindsContext {
  classification: Classification
  reader: Reader
  /** Whether something waits for its turn that may create what a statement needs. */
  mayBeCreated(): boolean
}

/** Whether single statements read or write: SQLite is asked, on a connection that reads. */
export class StatementKinds {
  readonly #context: StatementKindsContext

  constructor(context: StatementKindsContext) {
    this.#context = context
  }

  /** The kind, where nobody is in the way of asking: in the caller's own turn, so that writes stay in their order. */
  now(sql: string): StatementKind | undefined {
    const { classification, reader } = this.#context
    const known = classification.known(sql, 'alone')
    if (known) return known
    classification.refuseUnsafe(sql, 'alone')
    try {
      return reader.readNow((connection) => classification.of(sql, 'alone', () => connection.kindOf(sql, 'alone')))
    } catch (error) {
      return this.#despite(error, sql)
    }
  }

  /** The kind, once whoever is in the way has ended. @throws DatabaseError */
  async ask(sql: string): Promise<StatementKind> {
    const { classification, reader } = this.#context
    try {
      return await reader.read((connection) => classification.of(sql, 'alone', () => connection.kindOf(sql, 'alone')))
    } catch (error) {
      const kind = this.#despite(error, sql)
      if (!kind) throw error
      return kind
    }
  }

  /** What a statement is that can't be compiled yet, if it may be later. */
  #despite(error: unknown, sql: string): StatementKind | undefined {
    if (!(error instanceof DatabaseError)) return undefined
    // Only a definition has anything to do in a file that is not there yet.
    if (error.code === 'NOT_FOUND' && kindByFirstWords(sql) === 'write') return 'write'
    const isMissing = error.code === 'NOT_FOUND' || error.details.extendedCode === GENERIC_ERROR
    return isMissing && this.#context.mayBeCreated() ? 'write' : undefined
  }
}
