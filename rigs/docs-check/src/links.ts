import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Page, TOP } from './pages.js'

/** The relative links of a page that lead nowhere: no such file in the repository, or no such heading in it. */
export function brokenLinks(page: Page): string[] {
  return linksOf(page.text).filter((target) => !resolves(page, target))
}

function linksOf(text: string): string[] {
  const prose = text.replaceAll(/^(\s*)(`{3,})[\s\S]*?^\1\2$/gm, '').replaceAll(/`[^`\n]*`/g, '')
  const targets = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g)].map((match) => match[1] ?? '')
  return targets.filter((target) => !/^[a-z][a-z+.-]*:/i.test(target))
}

function resolves(page: Page, target: string): boolean {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? page.path : join(dirname(page.path), decodeURIComponent(path))
  if (file.startsWith('..') || !existsSync(join(TOP, file))) return false
  if (anchor === undefined || statSync(join(TOP, file)).isDirectory()) return true
  return anchorsOf(readFileSync(join(TOP, file), 'utf8')).has(anchor)
}

/** As GitHub makes them of headings. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#{1,6}\s+(.+?)\s*$/gm)].map((match) => match[1] ?? '')
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(/\s/g, '-'),
    ),
  )
}
