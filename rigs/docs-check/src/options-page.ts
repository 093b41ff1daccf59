/** An option, as its doc comment has it or as a page does. */
export interface DocumentedOption {
  name: string
  /** In the words of `@defaultValue`; `required` where it has to be given, and `none` where nothing is said. */
  defaultValue: string
}

const MEMBER = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?^ {2}(\w+)(\??): /gm

/** The members of an interface with their defaults, in the source text of a module. */
export function optionsOf(source: string, name: string, prefix = ''): DocumentedOption[] {
  const body = new RegExp(`export interface ${name}\\b[^{]*\\{\\n([\\s\\S]*?)\\n\\}`).exec(source)?.[1]
  if (body === undefined) throw new Error(`there is no interface ${name}`)
  return [...body.matchAll(MEMBER)].map(([, comment = '', member = '', mark]) => ({
    name: prefix + member,
    defaultValue: mark === '' ? 'required' : defaultIn(comment),
  }))
}

/** The rows of the tables under a heading of the second order: the first column, and the one that is headed `default`. */
export function optionRowsUnder(page: string, heading: string): DocumentedOption[] {
  const section = page.split(/^## /m).find((text) => text.split('\n', 1)[0] === heading)
  if (section === undefined) throw new Error(`there is no section ${heading}`)
  const rows = [...section.matchAll(/^\|(.*)\|$/gm)].map(([, row = '']) =>
    row.split(/(?<!\\)\|/).map((cell) => cell.trim()),
  )
  const column = rows[0]?.indexOf('default') ?? -1
  if (column === -1) throw new Error(`the table under ${heading} has no column "default"`)
  return rows
    .slice(2)
    .map((cells) => ({ name: (cells[0] ?? '').replaceAll('`', ''), defaultValue: cells[column] ?? '' }))
}

/** The number that the code takes where `name` is not given, from `name = 1` or `('name', options.name, 1)`. */
export function numberInCode(source: string, name: string): number | undefined {
  const written = new RegExp(`\\b${name} = ([\\d_]+)\\b|\\('${name}', options\\.${name}, ([\\d_]+)\\)`).exec(source)
  const digits = written?.[1] ?? written?.[2]
  return digits === undefined ? undefined : Number(digits.replaceAll('_', ''))
}

function defaultIn(comment: string): string {
  const text = comment.replaceAll(/^\s*\* ?/gm, ' ').replaceAll(/\s+/g, ' ')
  return /@defaultValue (.+?)\s*$/.exec(text)?.[1] ?? 'none'
}
