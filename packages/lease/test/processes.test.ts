import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDynamoDB, type TestDynamoDB } from './dynalite.js'

const TIMES = 10
const SCRIPT = fileURLToPath(new URL('increment.ts', import.meta.url))
const PACKAGE = fileURLToPath(new URL('..', import.meta.url))

let db: TestDynamoDB
let folder: string

beforeAll(async () => {
  db = await startDynamoDB()
  folder = mkdtempSync(join(tmpdir(), 'lease-'))
})

afterAll(async () => {
  await db.stop()
  rmSync(folder, { recursive: true })
})

function start(file: string, onLine: (line: string, child: ChildProcess) => void): Promise<number | null> {
  const node = ['--conditions=@sqlite-efs/source', '--import', 'tsx', SCRIPT]
  const child = spawn(process.execPath, [...node, file, String(TIMES)], {
    cwd: PACKAGE,
    env: { ...process.env, ...db.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  createInterface({ input: child.stdout }).on('line', (line) => onLine(line, child))
  return once(child, 'close').then(([code]) => code as number | null)
}

test('8 processes increment a number without losing one, though one of them is killed as it holds the lease', async () => {
  const file = join(folder, 'number')
  writeFileSync(file, '0')
  const tokens: number[] = []
  const note = (line: string) => {
    if (line.startsWith('wrote ')) tokens.push(Number(line.slice(6)))
  }
  let held = 0
  const victim = start(file, (line, child) => {
    note(line)
    if (line === 'holding' && ++held === 5) child.kill('SIGKILL')
  })
  const others = Array.from({ length: 7 }, () => start(file, note))
  expect(await Promise.all(others)).toEqual(Array.from({ length: 7 }, () => 0))
  expect(await victim).toBeNull()
  // The victim may have died between its last write and telling of it.
  expect([tokens.length, tokens.length + 1]).toContain(Number(readFileSync(file, 'utf8')))
  expect(tokens.length).toBeGreaterThanOrEqual(7 * TIMES + 4)
  expect(new Set(tokens).size).toBe(tokens.length)
})
