import type { StatementKind } from '../contract/values.js'
import { refuseUnsafe, type StatementScope } from './classify.js'
import { type Pragmas, settingsInForce } from './pragmas.js'
import { TextCache } from './text-cache.js'

/** Maximum memory for the texts of one place; an entry costs its text, and some bookkeeping. */
const MAX_BYTES = 2 * 2 ** 20
const ENTRY_BYTES = 128

/** Where single statements run; those of a script are not asked about. */
type ExecuteScope = Exclude<StatementScope, 'script'>

/** What is known of statements by their text: asking SQLite costs 126 microseconds, and a program has few texts. */
export class KindCache {
  readonly #known = { alone: knownTexts(), transaction: knownTexts() }
  readonly #inForce: Pragmas

  /** @param pragmas what every connection runs with */
  constructor(pragmas?: Pragmas) {
    this.#inForce = settingsInForce(pragmas)
  }

  /** What is kept, in bytes. */
  get bytes(): number {
    return this.#known.alone.bytes + this.#known.transaction.bytes
  }

  /** The kind of a statement, if it was asked for before. */
  known(sql: string, scope: ExecuteScope): StatementKind | undefined {
    return this.#known[scope].get(sql)
  }

  /**
   * The kind of a statement; `ask` is only called for a text that is new.
   *
   * @throws DatabaseError `STATEMENT_REFUSED`, and what `ask` throws
   */
  of(sql: string, scope: ExecuteScope, ask: () => StatementKind): StatementKind {
    const cache = this.#known[scope]
    const known = cache.get(sql)
    if (known) return known
    this.refuseUnsafe(sql, scope)
    const kind = ask()
    cache.set(sql, kind)
    return kind
  }

  /** @throws DatabaseError `STATEMENT_REFUSED` */
  refuseUnsafe(sql: string, scope: ExecuteScope): void {
    refuseUnsafe(sql, scope, this.#inForce)
  }
}

const knownTexts = () =>
  new TextCache<StatementKind>({
    maxBytes: MAX_BYTES,
    maxEntryBytes: MAX_BYTES / 4,
    bytesOf: (text) => ENTRY_BYTES + 2 * text.length,
  })
