import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

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
  // What a killed instance had started itself (tsx' compiler) ends by itself, a moment later.
  await vi.waitUntil(() => !isRunning(pid), { timeout: 10_000 })
  return { code: code as number | null, lines, filesLeft: await ownFiles() }
}

/** Whether anything of a process group still runs: what has ended and waits for an idle init to notice does not. */
function isRunning(group: number): boolean {
  try {
    process.kill(-group, 0)
  } catch {
    return false
  }
  if (!existsSync('/proc/self/stat')) return true
  return readdirSync('/proc').some((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const [state, , groupOfPid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return Number(groupOfPid) === group && state !== 'Z'
    } catch {
      return false
    }
  })
}

/** tsx keeps its cache there too. */
async function ownFiles(): Promise<string[]> {
  return (await readdir(folder)).filter((name) => !name.startsWith('tsx-'))
}

test('the demo sells each seat once although an instance is killed, and leaves nothing behind', async () => {
  const { code, lines, filesLeft } = await runDemo()
  expect(lines.at(-1)).toBe('sold 100 of 100, refused 300, oversold 0, lost 0, integrity ok')
  expect(code).toBe(0)
  expect(lines).toContainEqual(expect.stringMatching(/^instance \d+ got SIGKILL while it held the lease/))
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
