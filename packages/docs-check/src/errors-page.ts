/** The members of a union of string literals, by its name, in the source text of a module. */
export function unionMembers(source: string, name: string): string[] {
  const declaration = new RegExp(`export type ${name} =([\\s|]*'[^']+')+`).exec(source)?.[0]
  if (!declaration) throw new Error(`there is no union ${name}`)
  return [...declaration.matchAll(/'([^']+)'/g)].map((match) => match[1] ?? '')
}

/** The codes in the first column of the tables under the heading that names the error class. */
export function documentedCodes(page: string, errorClass: string): string[] {
  const section = page.split(/^## /m).find((text) => text.split('\n', 1)[0]?.includes(`\`${errorClass}\``))
  if (section === undefined) throw new Error(`docs/errors.md has no section for \`${errorClass}\``)
  return [...section.matchAll(/^\|\s*`([A-Z0-9_]+)`\s*\|/gm)].map((match) => match[1] ?? '')
}
