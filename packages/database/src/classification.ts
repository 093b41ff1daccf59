import { type Place, refuseUnsafe } from './classify.js'
import type { StatementKind } from './statement.js'

const MAX_KNOWN = 1_000

/** Where single statements run; those of a script are not asked about. */
type ExecutePlace = Exclude<Place, 'script'>

/** What is known of statements by their text: asking SQLite costs 126 microseconds, and a program has few texts. */
export class Classification {
  readonly #known = {
    alone: new Map<string, StatementKind>(),
    transaction: new Map<string, StatementKind>(),
  }

  /** The kind of a statement, if it was asked for before. */
  known(sql: string, place: ExecutePlace): StatementKind | undefined {
    return this.#known[place].get(sql)
  }

  /**
   * The kind of a statement; `ask` is only called for a text that is new.
   *
   * @throws DatabaseError `STATEMENT_REFUSED`, and what `ask` throws
   */
  of(sql: string, place: ExecutePlace, ask: () => StatementKind): StatementKind {
    const cache = this.#known[place]
    const known = cache.get(sql)
    if (known) return known
    refuseUnsafe(sql, place)
    const kind = ask()
    if (cache.size >= MAX_KNOWN) cache.delete(cache.keys().next().value!)
    cache.set(sql, kind)
    return kind
  }
}
