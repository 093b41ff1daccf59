import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { isAlive } from './support/processes.js'

const PARENT = fileURLToPath(new URL('fixtures/parent.ts', import.meta.url))

test.each([
  ['SIGKILL', 'hang'],
  ['SIGKILL', 'block'],
  ['SIGTERM', 'hang'],
] as const)('no environment outlives a process that gets %s, frozen or busy (%s)', async (signal, how) => {
  const parent = spawn(process.execPath, ['--import', 'tsx', PARENT, how], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface(parent.stdout), 'line')) as [string]
  const environments = JSON.parse(line) as { pid: number; state: string }[]
  expect(environments.map(({ state }) => state).sort()).toEqual(['busy', 'frozen'])
  expect(environments.map(({ pid }) => isAlive(pid))).toEqual([true, true])
  parent.kill(signal)
  await vi.waitUntil(() => !environments.some(({ pid }) => isAlive(pid)), { timeout: 20_000 })
})
