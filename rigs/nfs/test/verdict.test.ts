import { join } from 'node:path'
import { folderUntil } from '@sqlite-efs/toolkit/temporary-folder'
import Libsql from 'libsql'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { hotJournal, whatIsWrong } from '../src/verdict.js'
import { ADD_TO_ALL, SCHEMA } from '../src/world.js'

let path: string

beforeEach(() => {
  path = join(folderUntil(onTestFinished), 'world.db')
})

test('what was acknowledged and is not there, and what was refused and is there, is told', async () => {
  const db = new Libsql(path)
  db.exec(SCHEMA)
  db.exec(`BEGIN; ${ADD_TO_ALL}; INSERT INTO entry VALUES ('a', 1000, ''); COMMIT`)
  db.close()
  expect(await whatIsWrong(path, { a: [1000] }, { a: [3] })).toEqual([])
  expect(await whatIsWrong(path, { a: [3] })).toEqual(['acknowledged to a, and not there: 3'])
  expect(await whatIsWrong(path, {}, { a: [1000] })).toEqual(['said not to be written to a, and there: 1000'])
})

test('each transaction has a journal of its own, which is known by its number', async () => {
  const db = new Libsql(path)
  db.exec(SCHEMA)
  expect(await hotJournal(path)).toBeUndefined()
  const numbers: (string | undefined)[] = []
  for (const n of [1, 2]) {
    db.exec(`PRAGMA cache_size=10; BEGIN; ${ADD_TO_ALL}`)
    numbers.push(await hotJournal(path))
    db.exec(n === 1 ? 'COMMIT' : 'ROLLBACK')
    expect(await hotJournal(path)).toBeUndefined()
  }
  db.close()
  expect(numbers).toEqual([expect.stringMatching(/^[0-9a-f]{8}$/), expect.stringMatching(/^[0-9a-f]{8}$/)])
  expect(numbers[0]).not.toBe(numbers[1])
})
