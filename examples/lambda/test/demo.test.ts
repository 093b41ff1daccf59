import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { isGroupRunning } from './process-group.js'

const MAIN = fileURLToPath(new URL('../demo/main.ts', import.meta.url))

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-test-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Runs the demo in a process group of its own, and waits until nothing of it is left. `onLine` may interfere. */
async function runDemo(args: string[] = [], onLine: (line: string, pid: number) => void = () => undefined) {
  const demo = spawn(process.execPath, ['--conditions=@sqlite-efs/source', '--import', 'tsx', MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: folder },
    detached: true,
  })
  const { pid = 0 } = demo
  const exited = once(demo, 'exit')
  const lines: string[] = []
  for await (const line of createInterface(demo.stdout)) {
    lines.push(line)
    onLine(line, pid)
  }
  const [code] = await exited
  // tsx' compiler, and what kills the environments of a demo that is gone, end by themselves, a moment later.
  await vi.waitUntil(() => !isGroupRunning(pid), { timeout: 10_000 })
  return { code: code as number | null, lines, filesLeft: await ownFiles() }
}

/** tsx keeps its cache there too. */
async function ownFiles(): Promise<string[]> {
  return (await readdir(folder)).filter((name) => !name.startsWith('tsx-'))
}

test('the demo sells each seat once although an environment is killed, and leaves nothing behind', async () => {
  const { code, lines, filesLeft } = await runDemo()
  expect(lines.at(-1)).toBe('sold 100 of 100, refused 300, oversold 0, lost 0, integrity ok')
  expect(code).toBe(0)
  expect(lines).toContainEqual(expect.stringMatching(/^environment \d+ got SIGKILL while it held the lease/))
  expect(filesLeft).toEqual([])
})

test('the demo says so, and fails, when a booking is gone from the file', async () => {
  const { code, lines } = await runDemo(['--tamper', 'DELETE FROM "Booking" WHERE "seatNumber" = 7'])
  expect(lines.at(-1)).toBe('sold 99 of 100, refused 300, oversold 0, lost 1, integrity FAILED')
  expect(code).toBe(1)
})

test('the demo that is stopped by Ctrl-C fails, and leaves nothing behind', async () => {
  const { code, filesLeft } = await runDemo([], (line, pid) => {
    // A terminal sends it to the whole group.
    if (line.includes('buyers at once')) process.kill(-pid, 'SIGINT')
  })
  expect({ code, filesLeft }).toEqual({ code: 1, filesLeft: [] })
})
