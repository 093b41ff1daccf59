import { systemClock } from '@sqlite-efs/lease'
import { expect, it } from 'vitest'
import { Connection } from '../src/connection.js'
import { DatabaseError } from '../src/index.js'
import { mergePragmas } from '../src/pragmas.js'
import { ReaderPool } from '../src/reader.js'
import { openBank, scratchPath } from './support/scratch.js'

it('a lasting read whose idle connection is worth nothing any more, as after NFS dropped its locks, gets a new one', async () => {
  const path = scratchPath()
  await openBank({}, path)
  const opened: Connection[] = []
  const pool = new ReaderPool({
    clock: systemClock,
    open: () => {
      const connection = new Connection({ path, mode: 'read-only', pragmas: mergePragmas() })
      opened.push(connection)
      return connection
    },
    patience: () => ({ path, clock: systemClock, random: Math.random, timeoutMs: 1000, onTimeout: () => 'too long' }),
    noticeFreeze: () => {},
  })
  const first = await pool.begin(1_000)
  pool.end(first)
  pool.giveBack(first)
  first.exec = () => {
    throw new DatabaseError('SQLITE', 'disk I/O error', { path, extendedCode: 266 })
  }
  const second = await pool.begin(1_000)
  expect(opened).toEqual([first, second])
  expect(second.value('SELECT sum(balance) FROM account')).toBe(200n)
  pool.end(second)
  second.close()
})
