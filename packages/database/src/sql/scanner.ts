/**
 * Just enough of SQLite's tokenizer (https://www.sqlite.org/lang_comment.html, `sqlite3_complete`) to tell statements
 * apart and to know their first words. What a statement does is SQLite's to say: see classify.ts.
 */
export interface Token {
  /** Upper-case for a word; the text as it is for the rest. */
  text: string
  start: number
  end: number
}

// SQLite's own spaces: every other character beyond ASCII belongs to a name, also the no-break space and U+2028. A byte order mark is a
// space only where a token may begin.
const SPACE = /[\t\n\v\f\r ]+|\uFEFF|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y
// A quoted text is read in long runs: character by character, a large one overflows the stack of the regular expression.
const TOKEN =
  /'[^']*(?:''[^']*)*'?|"[^"]*(?:""[^"]*)*"?|`[^`]*(?:``[^`]*)*`?|\[[^\]]*\]?|[\w$\u0080-\u{10ffff}]+|[\s\S]/uy

export function* tokens(sql: string): Generator<Token> {
  let at = 0
  while (at < sql.length) {
    SPACE.lastIndex = at
    if (SPACE.test(sql)) {
      at = SPACE.lastIndex
      continue
    }
    TOKEN.lastIndex = at
    const text = TOKEN.exec(sql)?.[0] ?? sql[at]!
    const start = at
    at += text.length
    yield { text: isName(text) ? upperCase(text) : text, start, end: at }
  }
}

/** Whether a token begins as a name does; it may be a keyword, or a parameter with a `$`. */
export const isName = (text: string) => /^[A-Za-z_$\u0080-\uffff]/.test(text)

/** As SQLite compares names and keywords: by ASCII alone. JavaScript would make SELECT of `ſelect`, which is a name like any other. */
const upperCase = (text: string) =>
  /[\u0080-\uffff]/.test(text) ? text.replaceAll(/[a-z]+/g, (letters) => letters.toUpperCase()) : text.toUpperCase()

/** The statements of a script, without their semicolons and the comments around them. A trigger's body is part of its statement. */
export function splitStatements(script: string): string[] {
  const statements: string[] = []
  let start = -1
  let end = 0
  let words: string[] = []
  let previous = ''
  let beforePrevious = ''
  const finish = () => {
    if (start >= 0) statements.push(script.slice(start, end))
    start = -1
    words = []
    previous = ''
  }
  for (const token of tokens(script)) {
    if (token.text === ';') {
      // The body of a trigger ends with `; END`, as sqlite3_complete has it.
      const inTrigger = isTrigger(words) && !(previous === 'END' && beforePrevious === ';')
      if (!inTrigger) {
        finish()
        continue
      }
    }
    if (start < 0) start = token.start
    end = token.end
    if (words.length < 4) words.push(token.text)
    beforePrevious = previous
    previous = token.text
  }
  finish()
  return statements
}

const isTrigger = ([first, second, third]: string[]) =>
  first === 'CREATE' && (second === 'TRIGGER' || ((second === 'TEMP' || second === 'TEMPORARY') && third === 'TRIGGER'))

/** The first words and signs of a statement, in upper case. */
export function leadingTokens(sql: string, count: number): string[] {
  const found: string[] = []
  for (const token of tokens(sql)) {
    if (found.length === count) break
    found.push(token.text)
  }
  return found
}

/** The statement's words and signs, in upper case and one space apart: comments and spelling don't matter any more. */
export function normalized(sql: string): string {
  return [...tokens(sql)].map((token) => token.text).join(' ')
}

/** A statement without the comment that a sqlcommenter (a trace id, say) hung on its end: the same text every time. */
export function withoutTrailingComment(sql: string): string {
  if (!sql.endsWith('*/')) return sql
  let end = 0
  for (const token of tokens(sql)) end = token.end
  return sql.slice(0, end)
}

const NUMBER = /^\d+$/
const NAME = /^[\w$\u0080-\uffff]/

/** How many parameters a statement has: the highest number of one (https://www.sqlite.org/lang_expr.html#varparam). */
export function parameterCount(sql: string): number {
  let highest = 0
  const names = new Set<string>()
  const all = [...tokens(sql)]
  for (const [index, token] of all.entries()) {
    const next = all[index + 1]
    const attached = next?.start === token.end ? next.text : ''
    if (token.text === '?') highest = NUMBER.test(attached) ? Math.max(highest, Number(attached)) : highest + 1
    const isNamed = token.text.startsWith('$') || ((token.text === ':' || token.text === '@') && NAME.test(attached))
    if (!isNamed) continue
    // Their case matters, which the tokens do not keep.
    const name = sql.slice(token.start, token.text.startsWith('$') ? token.end : next?.end)
    if (!names.has(name)) highest++
    names.add(name)
  }
  return highest
}
