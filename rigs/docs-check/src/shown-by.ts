/** A test, or the part of its name that a page quotes, and the file that is said to have it. */
export interface ShownBy {
  file: string
  name: string
}

const REFERENCE = /`([\w./-]+\.ts)`|"([^"]+)"/g

/** The tests that the last column of a page's tables names: a file in backticks, and after it names in double quotes. */
export function testsNamed(page: string): ShownBy[] {
  let file = ''
  return [...page.matchAll(/^\|.*\|(.*)\|$/gm)]
    .flatMap((row) => [...(row[1] ?? '').matchAll(REFERENCE)])
    .flatMap(([, path, name]) => {
      file = path ?? file
      return name ? [{ file, name }] : []
    })
}

/** The scenarios of `pnpm test:nfs` that the last column of the section "Over NFS" names, in backticks. */
export function scenariosNamed(page: string): string[] {
  const section = page.split(/^## /m).find((it) => it.startsWith('Over NFS')) ?? ''
  return [...section.matchAll(/^\|.*\|(.*)\|$/gm)]
    .flatMap((row) => [...(row[1] ?? '').matchAll(/`([^`]+)`/g)])
    .flatMap(([, name = '']) => (name.endsWith('.ts') ? [] : [name]))
}

/** Whether a source text has a string with this in it, however it is quoted there. */
export const hasName = (source: string, name: string): boolean => asTyped(source).includes(asTyped(name))

const asTyped = (text: string) => text.replaceAll(/\\(['"`])/g, '$1').replaceAll('’', "'")
