/** The members of a union of objects, by their `type`, and what they hold beside it, in the source text of a module. */
export function eventsOf(source: string, union: string): Record<string, string[]> {
  const declaration = new RegExp(`export type ${union} =(.*?)(?=\\nexport |\\n/\\*\\*|$)`, 's').exec(
    withoutComments(source),
  )?.[1]
  if (!declaration) throw new Error(`there is no union ${union}`)
  const members = [...declaration.matchAll(/\{([^}]*)\}/g)].map(([, body = '']) => {
    const type = /\btype: '([^']+)'/.exec(body)?.[1] ?? ''
    const fields = [...body.matchAll(/(\w+)\??:/g)].map(([, name = '']) => name).filter((name) => name !== 'type')
    return [type, fields] as const
  })
  return Object.fromEntries(members)
}

/** The rows of the table under a heading: what its first column names in backticks, and what its second does. */
export function rowsUnder(page: string, heading: string): Record<string, string[]> {
  const section = page.split(/^#+ /m).find((text) => text.split('\n', 1)[0] === heading)
  if (section === undefined) throw new Error(`there is no section ${heading}`)
  const rows = [...section.matchAll(/^\| `([^`]+)` \|([^|]*)\|/gm)]
  return Object.fromEntries(rows.map(([, name = '', second = '']) => [name, inBackticks(second)]))
}

const inBackticks = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)

const withoutComments = (source: string) => source.replaceAll(/\/\*[\s\S]*?\*\//g, '')
