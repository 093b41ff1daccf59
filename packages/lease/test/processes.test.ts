import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { folderUntil } from '@sqlite-efs/toolkit/temporary-folder'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDynamoDB, type TestDynamoDB } from './dynalite.js'

const TIMES = 10
const SCRIPT = fileURLToPath(new URL('increment.ts', import.meta.url))
const PACKAGE = fileURLToPath(new URL('..', import.meta.url))

let db: TestDynamoDB
const folder = folderUntil(afterAll)

beforeAll(async () => {
  db = await startDynamoDB()
})

afterAll(async () => {
  await db.stop()
})

type Way = 'line' | 'files' | 'django-compatible' | 'django'

function start(way: Way, file: string, onLine: (line: string, child: ChildProcess) => void): Promise<number | null> {
  const node = ['--conditions=@sqlite-efs/source', '--import', 'tsx', SCRIPT]
  const child = spawn(process.execPath, [...node, way, file, String(TIMES)], {
    cwd: PACKAGE,
    env: { ...process.env, ...db.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  createInterface({ input: child.stdout }).on('line', (line) => onLine(line, child))
  return once(child, 'close').then(([code]) => code as number | null)
}

/** What the processes say that they wrote under, one of which is killed as it holds the lease. */
async function count(name: string, victimsWay: Way, othersWays: Way[]): Promise<string[]> {
  const file = join(folder, name)
  writeFileSync(file, '0')
  const written: string[] = []
  const note = (line: string) => {
    if (line.startsWith('wrote ')) written.push(line.slice(6))
  }
  let held = 0
  const victim = start(victimsWay, file, (line, child) => {
    note(line)
    if (line === 'holding' && ++held === 5) child.kill('SIGKILL')
  })
  const others = othersWays.map((way) => start(way, file, note))
  expect(await Promise.all(others)).toEqual(othersWays.map(() => 0))
  expect(await victim).toBeNull()
  // The victim may have died between its last write and telling of it.
  expect([written.length, written.length + 1]).toContain(Number(readFileSync(file, 'utf8')))
  expect(written.length).toBeGreaterThanOrEqual(othersWays.length * TIMES + 4)
  return written
}

test('8 processes increment a number without losing one, though one of them is killed as it holds the lease', async () => {
  const tokens = await count('number', 'line', Array<Way>(7).fill('line'))
  expect(new Set(tokens).size).toBe(tokens.length)
})

test('4 processes of one machine do so by files, without DynamoDB', async () => {
  const tokens = await count('number-by-files', 'files', Array<Way>(3).fill('files'))
  expect(new Set(tokens).size).toBe(tokens.length)
})

test('Django applications and others share a file by the protocol of django-sqlite-efs', async () => {
  await count('number-with-django', 'django-compatible', ['django-compatible', 'django-compatible', 'django', 'django'])
})
