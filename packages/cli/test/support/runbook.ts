import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Commands of a page that a reader would copy at once. */
export interface RunbookBlock {
  /** The page, by its path from the top. */
  page: string
  /** The line where it begins, for people. */
  line: number
  /** What is to be there before it: `<!-- stage: ... -->`; a live database where it says nothing. */
  stage: string
  /** What its last command ends with: `<!-- exits: 1 -->`. */
  exits: number
  script: string
}

/** The shell blocks of a page, in their order, without those that say why they are `<!-- not run: ... -->`. */
export function runbook(page: string): RunbookBlock[] {
  const text = readFileSync(fileURLToPath(new URL(`../../../../${page}`, import.meta.url)), 'utf8')
  const lines = text.split('\n')
  return lines.flatMap((line, at) => {
    if (line !== '```sh') return []
    const { stage = 'a live database', exits = '0', 'not run': reason } = marksAbove(lines, at)
    if (reason !== undefined) return []
    const script = lines.slice(at + 1, lines.indexOf('```', at)).join('\n')
    return [{ page, line: at + 1, stage, exits: Number(exits), script }]
  })
}

/** The comments of the form `<!-- name: value -->` right above a line. */
function marksAbove(lines: readonly string[], at: number): Record<string, string | undefined> {
  const marks: Record<string, string> = {}
  for (let above = at - 1; lines[above]?.startsWith('<!-- '); above--) {
    const [, name, value] = /^<!-- ([a-z ]+): (.+) -->$/.exec(lines[above] ?? '') ?? []
    if (name !== undefined && value !== undefined) marks[name] = value
  }
  return marks
}
