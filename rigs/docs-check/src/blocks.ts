import type { Page } from './pages.js'

/** A fenced code block. */
export interface Block {
  /** Page and line, for people. */
  where: string
  language: string
  code: string
  /** Why it is not compiled: `<!-- not compiled: <reason> -->` on the line before. */
  exempt: string | undefined
}

const CONTINUES = '<!-- continues -->'
const EXEMPT = /^<!-- not compiled: (.+) -->$/

/**
 * The code blocks of a page. One that is preceded by `<!-- continues -->` is compiled together with the one of its
 * language before it. Of a diff the new side is a block of TypeScript.
 */
export function blocksOf({ path, text }: Page): Block[] {
  const blocks: Block[] = []
  const lines = text.split('\n')
  for (let index = 0; index < lines.length; index++) {
    const opening = /^(\s*)(`{3,})(\S*)/.exec(lines[index] ?? '')
    if (!opening) continue
    const [, indent = '', fence = '', written = ''] = opening
    const language = written === 'diff' ? 'ts' : written
    const end = lines.findIndex((line, at) => at > index && line.trim() === fence)
    const next = lines.findIndex((line, at) => at > index && new RegExp(`^\\s*${fence}[^\`\\s]`).test(line))
    if (end === -1 || (next !== -1 && next < end)) throw new Error(`${path}:${index + 1}: the code block has no end`)
    const marker = (lines[index - 1] ?? '').trim()
    const content = lines.slice(index + 1, end).map((line) => line.slice(indent.length))
    const own = written === 'diff' ? newSide(content) : content
    const before = marker === CONTINUES ? blocks.findLast((block) => block.language === language) : undefined
    blocks.push({
      where: `${path}:${index + 1}`,
      language,
      code: [...(before ? [before.code] : []), ...own].join('\n'),
      exempt: EXEMPT.exec(marker)?.[1],
    })
    index = end
  }
  return blocks
}

const newSide = (lines: readonly string[]) => lines.filter((line) => !line.startsWith('-')).map((line) => line.slice(1))
