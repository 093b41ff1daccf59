/** The members of a union of string literals, by its name, in the source text of a module. */
export function unionMembers(source: string, name: string): string[] {
  const declaration = new RegExp(`export type ${name} =([\\s|]*'[^']+')+`).exec(source)?.[0]
  if (!declaration) throw new Error(`there is no union ${name}`)
  return [...declaration.matchAll(/'([^']+)'/g)].map((match) => match[1] ?? '')
}

/** The codes in the first column of the tables under the heading that names the error class. */
export const documentedCodes = (page: string, errorClass: string): string[] =>
  rowsOf(page, errorClass).map(([code = '']) => code)

/** Each code with what its second column, "retry", says: for every error of this code, for none, or for these values of `meta.reason`. */
export const documentedRetries = (page: string, errorClass: string): Map<string, Retries> =>
  new Map(rowsOf(page, errorClass).map(([code = '', cell = '']) => [code, retriesOf(code, cell)]))

type Retries = 'yes' | 'no' | string[]

function retriesOf(code: string, cell: string): Retries {
  const [word, ...reasons] = cell.replaceAll('*', '').split('`')
  if (word === 'yes') return 'yes'
  if (word === 'no' || word === 'never') return 'no'
  if (word === 'where ' && reasons[0] === 'meta.reason') return [reasons[2] ?? '']
  throw new Error(`docs/errors.md says "${cell}" of ${code}`)
}

/** The codes on this side of a map from code to code, in the source text of a module, that become a code on the other. */
export const sourcesOf = (source: string, code: string): string[] =>
  [...source.matchAll(new RegExp(`^ {2}([A-Z0-9_]+): '${code}',`, 'gm'))].map((match) => match[1] ?? '')

function rowsOf(page: string, errorClass: string): string[][] {
  const section = page.split(/^## /m).find((text) => text.split('\n', 1)[0]?.includes(`\`${errorClass}\``))
  if (section === undefined) throw new Error(`docs/errors.md has no section for \`${errorClass}\``)
  return [...section.matchAll(/^\|\s*`([A-Z0-9_]+)`\s*\|(.*)\|$/gm)].map(([, code = '', rest = '']) => [
    code,
    ...rest.split('|').map((cell) => cell.trim()),
  ])
}
