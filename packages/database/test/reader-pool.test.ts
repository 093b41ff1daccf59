import { systemClock } from '@sqlite-efs/lease'
import { expect, it } from 'vitest'
import { Connection } from '../src/engine/connection.js'
import { EventLoop } from '../src/engine/event-loop.js'
import { FreezeDetector } from '../src/file/freeze-detector.js'
import { DatabaseError } from '../src/index.js'
import { LastingReaders } from '../src/read/lasting-readers.js'
import { KindCache } from '../src/sql/kind-cache.js'
import { mergePragmas } from '../src/sql/pragmas.js'
import { DeferredTransaction } from '../src/transaction/deferred-transaction.js'
import { openBank, scratchPath } from './support/scratch.js'

async function poolOfBank() {
  const path = scratchPath()
  await openBank({}, path)
  const opened: Connection[] = []
  const pool = new LastingReaders({
    clock: systemClock,
    open: () => {
      const connection = new Connection({ path, mode: 'read-only', pragmas: mergePragmas() })
      opened.push(connection)
      return connection
    },
    lockWait: () => ({ path, clock: systemClock, random: Math.random, timeoutMs: 1000, onTimeout: () => 'too long' }),
    freeze: new FreezeDetector(systemClock),
  })
  const failing = () => {
    throw new DatabaseError('SQLITE', 'disk I/O error', { path, extendedCode: 266 })
  }
  return { path, pool, opened, failing }
}

it('a lasting read whose idle connection is worth nothing any more, as after NFS dropped its locks, gets a new one', async () => {
  const { pool, opened, failing } = await poolOfBank()
  const first = await pool.begin(1_000)
  pool.end(first)
  pool.giveBack(first)
  first.exec = failing
  const second = await pool.begin(1_000)
  expect(opened).toEqual([first, second])
  expect(second.value('SELECT sum(balance) FROM account')).toBe(200n)
  pool.end(second)
  second.close()
})

it('a deferred transaction that fails as it begins leaves no read behind, for which a commit would wait', async () => {
  const { path, pool, failing } = await poolOfBank()
  const reader = await pool.begin(1_000)
  reader.value = failing
  const context = {
    path,
    readers: pool,
    clock: systemClock,
    eventLoop: new EventLoop(systemClock),
    kindCache: new KindCache(),
    beginImmediate: () => Promise.reject(new Error('it does not write')),
    tellChanged: () => {},
  }
  expect(() => new DeferredTransaction(context, reader)).toThrow('disk I/O error')
  expect(await pool.none(0)).toBe(true)
})
