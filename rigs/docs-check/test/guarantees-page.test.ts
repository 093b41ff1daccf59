import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { TOP } from '../src/pages.js'
import { hasName, scenariosNamed, testsNamed } from '../src/shown-by.js'

const PAGE = readFileSync(join(TOP, 'docs/guarantees.md'), 'utf8')
const SCENARIOS = join(TOP, 'rigs/nfs/src/scenarios')

const named = testsNamed(PAGE)

test('every test that docs/guarantees.md names is in the file that it names', () => {
  expect(named.length).toBeGreaterThan(50)
  const missing = named.filter(({ file, name }) => !hasName(readFileSync(join(TOP, file), 'utf8'), name))
  expect(missing).toEqual([])
})

test('every scenario that docs/guarantees.md names is played by pnpm test:nfs', () => {
  const sources = readdirSync(SCENARIOS).map((file) => readFileSync(join(SCENARIOS, file), 'utf8'))
  const there = sources.flatMap((source) => [...source.matchAll(/^ +name: '([^']+)',$/gm)].map(([, name]) => name))
  const scenarios = scenariosNamed(PAGE)
  expect(scenarios.length).toBeGreaterThan(10)
  expect(scenarios.filter((name) => !there.includes(name))).toEqual([])
})

test('scenarios are what stands in backticks in the last column of their section, and is no file', () => {
  const table = (name: string) => `| a | b |\n|---|---|\n| it \`holds\` | \`${name}\`, \`x/a.test.ts\` |\n`
  expect(
    scenariosNamed(`## Reads\n${table('one')}\n## Over NFS\n${table('two')}\n## The lease\n${table('three')}`),
  ).toEqual(['two'])
})

test('names stand after their file, which holds for the rows below', () => {
  const page = '| a | b |\n|---|---|\n| it "holds" | `x/a.test.ts`: "one", "two" |\n| too | the same: "three" |\n'
  expect(testsNamed(page)).toEqual([
    { file: 'x/a.test.ts', name: 'one' },
    { file: 'x/a.test.ts', name: 'two' },
    { file: 'x/a.test.ts', name: 'three' },
  ])
  expect(hasName("it('somebody\\'s file')", "somebody's file")).toBe(true)
  expect(hasName("it('another file')", "somebody's file")).toBe(false)
})
