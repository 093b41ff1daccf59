import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

const versionOf = (node: string) => execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()

// ../vitest-on-lambda-node.test.ts runs it, and reads what it says.
test('says on which Node it runs, and what it starts by path and by name', () => {
  console.log(`runs ${process.version}, starts ${versionOf(process.execPath)} and ${versionOf('node')}`)
  expect(process.env['SHALL_FAIL']).toBeUndefined()
})
