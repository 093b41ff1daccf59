import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { folderUntil } from '@sqlite-efs/toolkit/temporary-folder'
import Database from 'libsql'
import { expect, onTestFinished, test, vi } from 'vitest'
import { hasLock, isDead, isInCommit, isStopped, writerOf } from '../src/faults/moments.js'

test('who is in a write transaction is seen by its lock, and who is not is not', async () => {
  const path = join(folderUntil(onTestFinished), 'a.db')
  const db = new Database(path)
  db.exec('CREATE TABLE t (x)')
  expect(writerOf(path)).toBeUndefined()
  expect(hasLock(path, process.pid)).toBe(false)
  db.exec('BEGIN; SELECT * FROM t')
  expect(writerOf(path)).toBeUndefined()
  expect(hasLock(path, process.pid)).toBe(true)
  expect(hasLock(path, 1)).toBe(false)
  db.exec('INSERT INTO t VALUES (1)')
  expect(writerOf(path)).toBe(process.pid)
  db.exec('ROLLBACK')
  expect(writerOf(path)).toBeUndefined()
  db.close()
})

test('a COMMIT is seen by the magic of its journal', async () => {
  const path = join(folderUntil(onTestFinished), 'a.db')
  expect(isInCommit(path)).toBe(false)
  await writeFile(`${path}-journal`, Buffer.alloc(512))
  expect(isInCommit(path)).toBe(false)
  await writeFile(`${path}-journal`, Buffer.from('d9d505f920a163d700000001', 'hex'))
  expect(isInCommit(path)).toBe(true)
})

test('who was stopped is, with all of its threads, until it goes on', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  try {
    await once(child, 'spawn')
    expect(isStopped(child.pid!)).toBe(false)
    child.kill('SIGSTOP')
    await vi.waitUntil(() => isStopped(child.pid!))
    child.kill('SIGCONT')
    await vi.waitUntil(() => !isStopped(child.pid!))
  } finally {
    child.kill('SIGKILL')
  }
})

test('who lives is not dead', () => {
  expect(isDead(process.pid)).toBe(false)
  expect(isDead(2 ** 22 + 1)).toBe(true)
})
