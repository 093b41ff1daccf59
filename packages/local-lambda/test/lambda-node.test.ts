import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { lambdaNode } from '../src/index.js'

const IS_CARRIED = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)

test.runIf(IS_CARRIED)("Lambda's Node is here, and is 24", () => {
  expect(execFileSync(lambdaNode() ?? '', ['--version'], { encoding: 'utf8' })).toMatch(/^v24\./)
})

test.skipIf(IS_CARRIED)("Lambda's Node is not here", () => {
  expect(lambdaNode()).toBeUndefined()
})
