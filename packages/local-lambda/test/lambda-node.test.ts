import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { lambdaNode } from '../src/index.js'

test("Lambda's Node is 24, and is there where npm has it for this machine", () => {
  const isCarried = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)
  const node = lambdaNode()
  const version = node && execFileSync(node, ['--version'], { encoding: 'utf8' })
  expect(version).toEqual(isCarried ? expect.stringMatching(/^v24\./) : undefined)
})
