import { describe, expect, test } from 'vitest'
import { type Block, blocksOf } from '../src/blocks.js'
import { parseOnly, typeCheck } from '../src/compile.js'
import { readPages } from '../src/pages.js'

/** Diagrams, output, and the like. */
const PLAIN = ['', 'text']
const CHECKED = ['ts', 'js', 'json', 'sh']

const blocks = readPages().flatMap(blocksOf)
const compiled = (language: string) => blocks.filter((block) => block.language === language && !block.exempt)
const block = (language: string, code: string): Block => ({ where: 'a page:1', language, code, exempt: undefined })

describe('the code blocks of the documentation', () => {
  test('are in a language that is checked here, or say why not', () => {
    const unchecked = blocks.filter(({ language, exempt }) => ![...PLAIN, ...CHECKED].includes(language) && !exempt)
    expect(unchecked.map(({ where, language }) => `${where} (${language})`)).toEqual([])
  })

  test('of TypeScript compile against the packages', async () => {
    expect(compiled('ts').length).toBeGreaterThan(0)
    expect(await typeCheck(compiled('ts'))).toBe('')
  })

  test.each([...compiled('js'), ...compiled('sh')])('$where is read by its interpreter', async (each) => {
    expect(await parseOnly(each)).toBe('')
  })

  test.each(compiled('json'))('$where is JSON', ({ code }) => {
    expect(() => JSON.parse(code) as unknown).not.toThrow()
  })
})

describe('the check of code blocks', () => {
  test('finds an option that does not exist, and says where', async () => {
    const wrong = "import { PrismaSqliteEfs } from 'prisma-adapter-sqlite-efs'\nnew PrismaSqliteEfs({ uri: '/a.db' })"
    expect(await typeCheck([block('ts', wrong)])).toMatch(/a page:1\(2,.*'uri'/)
  })

  test('finds JavaScript and shell that cannot be read', async () => {
    expect(await parseOnly(block('js', 'const = 1'))).toContain('SyntaxError')
    expect(await parseOnly(block('sh', 'if true; then'))).not.toBe('')
  })

  test('takes a block together with the one that it continues', () => {
    const page = { path: 'p.md', text: '```ts\nconst a = 1\n```\n\n<!-- continues -->\n```ts\na\n```\n' }
    expect(blocksOf(page).map(({ code }) => code)).toEqual(['const a = 1', 'const a = 1\na'])
  })

  test('refuses a block that does not end before the next one begins', () => {
    const page = { path: 'p.md', text: '```text\na\n```json\n{}\n```\n' }
    expect(() => blocksOf(page)).toThrow('p.md:1: the code block has no end')
    const nested = { path: 'p.md', text: '````md\n```ts\na\n```\n````\n' }
    expect(blocksOf(nested)).toMatchObject([{ language: 'md' }])
  })

  test('takes the new side of a diff', () => {
    const page = { path: 'p.md', text: '```diff\n-const a = 1\n+const a = 2\n a\n```\n' }
    expect(blocksOf(page)).toMatchObject([{ language: 'ts', code: 'const a = 2\na' }])
  })

  test('lets a block go that says why', () => {
    const page = { path: 'p.md', text: '<!-- not compiled: a sketch -->\n```rust\nfn\n```\n' }
    expect(blocksOf(page)).toEqual([{ where: 'p.md:2', language: 'rust', code: 'fn', exempt: 'a sketch' }])
  })
})
