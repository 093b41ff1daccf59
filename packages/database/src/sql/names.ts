import { isName, type Token, tokens } from './scanner.js'

/** A name that stands where only a function or only a table can be meant. */
export interface UsedName {
  /** In small letters, without its quotes. */
  name: string
  as: 'function' | 'table'
  /** Whether nothing stands between the parentheses that follow. */
  hasNoArguments: boolean
}

/** What a name before a parenthesis follows when it is that of a table, with its columns between the parentheses. */
const BEFORE_COLUMNS = new Set(['.', 'INTO', 'TABLE', 'EXISTS', 'VIEW', 'REFERENCES', 'WITH', 'RECURSIVE', 'AS'])
/** What ends a list of tables. None of these words can be a name itself. */
const ENDS_TABLES = new Set(
  'SELECT WHERE GROUP ORDER HAVING LIMIT UNION EXCEPT INTERSECT SET RETURNING VALUES'.split(' '),
)

/**
 * The functions and tables that a statement's own text names, however they are written: quoted in any way, in any case, with comments
 * between. A text in single quotes is a table's name where only a table can stand (`FROM 'x'`). In doubt a name counts as a table.
 */
export function usedNames(sql: string): UsedName[] {
  const all = [...tokens(sql)]
  const found: UsedName[] = []
  const isIndex = all[0]?.text === 'CREATE' && (all[1]?.text === 'INDEX' || all[2]?.text === 'INDEX')
  const isVirtual = all[0]?.text === 'CREATE' && all[1]?.text === 'VIRTUAL'
  const wanted = new TablePositions()
  for (const [index, token] of all.entries()) {
    const [previous, next] = [all[index - 1]?.text, all[index + 1]?.text]
    const isTable = wanted.at(token, previous, next, all[index - 2]?.text)
    const name = nameOf(token)
    if (name === undefined) continue
    const hasNoArguments = next === '(' && all[index + 2]?.text === ')'
    // A virtual table's module, and its arguments, which name what it reads from.
    if (isTable || isVirtual) found.push({ name, as: 'table', hasNoArguments })
    const isIndexed = isIndex && previous === 'ON'
    const hasColumns = isIndexed || BEFORE_COLUMNS.has(previous ?? '')
    if (next === '(' && token.text[0] !== "'" && !hasColumns && !isListedInWith(all, index)) {
      found.push({ name, as: 'function', hasNoArguments })
    }
  }
  return found
}

/** Whether `name (a, b) AS (...)` begins here: only a table of WITH goes on so, and only the first one follows that word itself. */
function isListedInWith(all: readonly Token[], index: number): boolean {
  if (all[index - 1]?.text !== ',') return false
  // The names of columns have no parentheses; an argument may (`CAST((a) AS materialized(1))`).
  const end = all.findIndex(({ text }, at) => at > index + 1 && (text === '(' || text === ')'))
  if (all[end]?.text !== ')' || all[end + 1]?.text !== 'AS') return false
  const rest = all.slice(end + 2, end + 5).map(({ text }) => text)
  return /^(?:(?:NOT )?MATERIALIZED )?\(/.test(rest.join(' '))
}

/** Follows a statement, and knows where a table's name stands. */
class TablePositions {
  /** For each open parenthesis, and the statement itself, whether a comma is followed by a table. */
  readonly #inTables: boolean[] = [false]
  /** What may come next: one table, or one of a list, which may be in parentheses. */
  #wanted: 'one' | 'listed' | undefined

  at(
    token: Token,
    previous: string | undefined,
    next: string | undefined,
    beforePrevious: string | undefined,
  ): boolean {
    const { text } = token
    const top = this.#inTables.length - 1
    const wanted = this.#wanted
    // The name of a schema, and its point: what follows is wanted still.
    if (wanted && (next === '.' || text === '.')) return false
    this.#wanted = undefined
    if (text === '(') {
      this.#inTables.push(wanted === 'listed')
      this.#wanted = wanted === 'listed' ? wanted : undefined
    } else if (text === ')') {
      if (top > 0) this.#inTables.pop()
    } else if (text === ',') {
      if (this.#inTables[top]) this.#wanted = 'listed'
    } else if ((text === 'FROM' && previous !== 'DISTINCT') || text === 'JOIN') {
      this.#inTables[top] = true
      this.#wanted = 'listed'
    } else if (text === 'INTO' || text === 'UPDATE' || text === 'IN' || text === 'USING') {
      this.#wanted = 'one'
    } else if (wanted === 'one' && text === 'OR' && previous === 'UPDATE') {
      // UPDATE OR IGNORE: a table comes after the next word.
      this.#wanted = 'one'
    } else if (previous === 'OR' && beforePrevious === 'UPDATE') {
      this.#wanted = 'one'
    } else if (ENDS_TABLES.has(text)) {
      this.#inTables[top] = false
    } else return wanted !== undefined
    return false
  }
}

/** The name that a token may be; undefined for a sign or a number. */
function nameOf({ text }: Token): string | undefined {
  switch (text[0]) {
    case '"':
    case '`':
    case "'":
      return text
        .slice(1, -1)
        .replaceAll(text[0] + text[0], text[0])
        .toLowerCase()
    case '[':
      return text.slice(1, -1).toLowerCase()
    default:
      return isName(text) ? text.toLowerCase() : undefined
  }
}

const VARIABLE = /^[$@:#]/
const IN_NAME = /^[\w$\u0080-\uffff]/
const MAY_HOLD_TCL_VARIABLE = /[$@:#][\w$\u0080-\uffff]*(?:\(|::)/

/**
 * Whether the text holds a parameter as Tcl writes them, `$a::b` or `$a(b)`. SQLite reads on to the parenthesis' end, over what begins a
 * comment, a string or the next statement to every other reader.
 */
export function hasTclVariable(sql: string): boolean {
  if (!MAY_HOLD_TCL_VARIABLE.test(sql)) return false
  let variableEndsAt = -1
  let previous: Token | undefined
  for (const token of tokens(sql)) {
    const isAttached = previous?.end === token.start
    if (VARIABLE.test(token.text) && !(isAttached && variableEndsAt === token.start && token.text[0] !== ':')) {
      // `::` belongs to the variable, and a lone sign is one only with a name attached.
      if (token.text === ':' && previous?.text === ':' && isAttached) return true
      variableEndsAt = token.end
    } else if (isAttached && variableEndsAt === token.start) {
      if (token.text === '(') return true
      if (IN_NAME.test(token.text)) variableEndsAt = token.end
    }
    previous = token
  }
  return false
}
