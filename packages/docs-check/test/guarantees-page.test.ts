import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { TOP } from '../src/pages.js'
import { hasName, testsNamed } from '../src/shown-by.js'

const named = testsNamed(readFileSync(join(TOP, 'docs/guarantees.md'), 'utf8'))

test('every test that docs/guarantees.md names is in the file that it names', () => {
  expect(named.length).toBeGreaterThan(50)
  const missing = named.filter(({ file, name }) => !hasName(readFileSync(join(TOP, file), 'utf8'), name))
  expect(missing).toEqual([])
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
