import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const PAGE = fileURLToPath(new URL('../../../../docs/operations.md', import.meta.url))

/** Commands of the runbook that a reader would copy at once. */
export interface RunbookBlock {
  /** The line where it begins, for people. */
  line: number
  /** What is to be there before it: `<!-- stage: ... -->`; a live database where it says nothing. */
  stage: string
  /** What its last command ends with: `<!-- exits: 1 -->`. */
  exits: number
  script: string
}

/** The shell blocks of docs/operations.md, in their order. */
export function runbook(): RunbookBlock[] {
  const lines = readFileSync(PAGE, 'utf8').split('\n')
  return lines.flatMap((text, at) => {
    if (text !== '```sh') return []
    const script = lines.slice(at + 1, lines.indexOf('```', at)).join('\n')
    let stage = 'a live database'
    let exits = 0
    for (let above = at - 1; lines[above]?.startsWith('<!-- '); above--) {
      const [, what, value = ''] = /^<!-- (stage|exits): (.+) -->$/.exec(lines[above] ?? '') ?? []
      if (what === 'stage') stage = value
      if (what === 'exits') exits = Number(value)
    }
    return [{ line: at + 1, stage, exits, script }]
  })
}
