import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { isAlive } from './support/processes.js'

const PARENT = fileURLToPath(new URL('fixtures/parent.ts', import.meta.url))

test.each([
  ['the parent', 'SIGKILL', 'hang'],
  ['the parent', 'SIGKILL', 'block'],
  ['its process group', 'SIGTERM', 'hang'],
  ['its process group', 'SIGINT', 'block'],
] as const)('no environment outlives its parent, frozen or busy, when %s gets %s (%s)', async (whom, signal, how) => {
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  const parent = spawn(process.execPath, ['--import', 'tsx', PARENT, how], { stdio: [...stdio], detached: true })
  const [line] = (await once(createInterface(parent.stdout!), 'line')) as [string]
  const environments = JSON.parse(line) as { pid: number; state: string }[]
  expect(environments.map(({ state }) => state).toSorted()).toEqual(['busy', 'frozen'])
  expect(environments.map(({ pid }) => isAlive(pid))).toEqual([true, true])
  process.kill(whom === 'the parent' ? parent.pid! : -parent.pid!, signal)
  await vi.waitUntil(() => !environments.some(({ pid }) => isAlive(pid)), { timeout: 20_000 })
})
