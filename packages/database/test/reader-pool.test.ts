import { renameSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { DatabaseError } from '../src/contract/errors.js'
import { Connection } from '../src/engine/connection.js'
import { EventLoop } from '../src/engine/event-loop.js'
import { LastingReaders } from '../src/read/lasting-readers.js'
import { LockedRead } from '../src/read/locked-read.js'
import { KindCache } from '../src/sql/kind-cache.js'
import { DeferredTransaction } from '../src/transaction/deferred-transaction.js'
import type { ImmediateTransaction } from '../src/transaction/immediate-transaction.js'
import { isLocked, outsider } from './support/outsider.js'
import { nextTick, openBank, scratchPath } from './support/scratch.js'
import { watchedBank } from './support/watched-bank.js'

const SUM = 'SELECT sum(balance) FROM account'

/** A pool of readers, whose time passes when told. */
async function poolOfBank() {
  const bank = await watchedBank()
  const pool = new LastingReaders(bank.context)
  /** Begins a read, and ends it: its connection is idle then. */
  const read = async () => {
    const connection = await pool.begin(1_000)
    const sum = connection.value(SUM)
    pool.end(connection)
    pool.giveBack(connection)
    return sum
  }
  return { ...bank, pool, read }
}

it('a lasting read whose idle connection is worth nothing any more, as after NFS dropped its locks, gets a new one', async () => {
  const { pool, opened, closed, failing } = await poolOfBank()
  const first = await pool.begin(1_000)
  pool.end(first)
  pool.giveBack(first)
  first.exec = failing
  const second = await pool.begin(1_000)
  expect(opened).toEqual([first, second])
  expect(second.value(SUM)).toBe(200n)
  expect([...closed]).toEqual([first])
})

it('a deferred transaction that fails as it begins leaves no read behind, for which a commit would wait', async () => {
  const { path, pool, clock, failing } = await poolOfBank()
  const reader = await pool.begin(1_000)
  reader.value = failing
  expect(() => new LockedRead({ path, readers: pool, clock }, reader)).toThrow('disk I/O error')
  expect(await pool.none(0)).toBe(true)
})

it('a deferred transaction whose lease is lost as it gets it ends with what its first write says', async () => {
  const { path, pool, clock } = await poolOfBank()
  const reading = new LockedRead({ path, readers: pool, clock }, await pool.begin(1_000))
  const lost = new DatabaseError('WRITE_CONFLICT', 'the lease was lost')
  const writing = {
    // It was rolled back, and the connection thrown away.
    get connection(): never {
      throw new DatabaseError('TRANSACTION_CLOSED', 'There is no transaction.')
    },
    execute: () => Promise.reject(lost),
  } as unknown as ImmediateTransaction
  const context = {
    path,
    eventLoop: new EventLoop(clock),
    kindCache: new KindCache(),
    beginImmediate: () => Promise.resolve(writing),
  }
  const transaction = new DeferredTransaction(context, reading)
  await transaction.execute(SUM)
  await expect(transaction.execute('UPDATE account SET balance = 0')).rejects.toBe(lost)
})

describe('a commit of this process', () => {
  it('waits until the last read that lasts has ended, and no longer', async () => {
    const { pool } = await poolOfBank()
    expect(await pool.none(0)).toBe(true)
    const [first, second] = [await pool.begin(1_000), await pool.begin(1_000)]
    const told: boolean[] = []
    const none = pool.none(1_000).then((isNone) => told.push(isNone))
    pool.end(first)
    await nextTick()
    expect(told).toEqual([])
    pool.end(second)
    await none
    expect(told).toEqual([true])
    pool.throwAway(first)
    pool.throwAway(second)
  })

  it('is told when its time is up before they have, and another one waits with its own time', async () => {
    const { pool, clock } = await poolOfBank()
    const reader = await pool.begin(1_000)
    const [short, long] = [pool.none(100), pool.none(1_000)]
    clock.advance(100)
    expect(await short).toBe(false)
    pool.throwAway(reader)
    expect(await long).toBe(true)
  })

  it('keeps reads from beginning until it is done; then they show what it wrote', async () => {
    const { path, pool } = await poolOfBank()
    const letIn = pool.holdBack()
    const told: unknown[] = []
    const begun = [1, 2].map(async () => {
      const reader = await pool.begin(1_000)
      told.push(reader.value(SUM))
      pool.throwAway(reader)
    })
    await nextTick()
    expect(told).toEqual([])
    outsider(path).exec('UPDATE account SET balance = 7')
    letIn()
    await Promise.all(begun)
    expect(told).toEqual([14n, 14n])
  })

  it('that outlasts the time of a read is BUSY for it, and for no later one', async () => {
    const { path, pool, clock, opened } = await poolOfBank()
    const letIn = pool.holdBack()
    const begun = Promise.allSettled([pool.begin(1_000)])
    await nextTick()
    clock.advance(1_000)
    expect(await begun).toMatchObject([{ reason: { code: 'BUSY', details: { path } } }])
    expect(opened).toEqual([])
    letIn()
    pool.throwAway(await pool.begin(1_000))
    expect(await pool.none(0)).toBe(true)
  })

  it('and the next one together outlast the time of a read no more than one does', async () => {
    const { pool, clock } = await poolOfBank()
    const letInAfterFirst = pool.holdBack()
    const begun = Promise.allSettled([pool.begin(1_000)])
    await nextTick()
    clock.advance(600)
    letInAfterFirst()
    const letIn = pool.holdBack()
    await nextTick()
    clock.advance(400)
    expect(await begun).toMatchObject([{ reason: { code: 'BUSY' } }])
    letIn()
  })

  it('that begins while a read waits for another process keeps the read out, too', async () => {
    const { path, pool, read, pass } = await poolOfBank()
    await read()
    const other = outsider(path)
    other.exec('BEGIN EXCLUSIVE')
    let isBegun = false
    const begun = pool.begin(1_000).then((reader) => {
      isBegun = true
      return reader
    })
    await nextTick()
    const letIn = pool.holdBack()
    other.exec('ROLLBACK')
    await pass(100)
    expect(isBegun).toBe(false)
    letIn()
    pool.throwAway(await begun)
  })
})

describe('a read that lasts', () => {
  it('waits for another process on one connection, which holds nothing meanwhile, and is BUSY after its time', async () => {
    const { path, pool, opened, read, pass } = await poolOfBank()
    await read()
    const other = outsider(path)
    other.exec('BEGIN EXCLUSIVE')
    const begun = Promise.allSettled([pool.begin(100)])
    await pass(110)
    expect(await begun).toMatchObject([{ reason: { code: 'BUSY' } }])
    other.exec('ROLLBACK')
    expect(isLocked(other)).toBe(false)
    expect(await pool.none(0)).toBe(true)
    expect(await read()).toBe(200n)
    expect(opened).toHaveLength(1)
  })

  it('fails where a new connection fails as the idle one did, and leaves nothing behind', async () => {
    const { pool, opened, closed, failing } = await poolOfBank()
    const { exec } = Connection.prototype
    onTestFinished(() => void (Connection.prototype.exec = exec))
    Connection.prototype.exec = function (sql) {
      return sql.startsWith('BEGIN') ? failing() : exec.call(this, sql)
    }
    await expect(pool.begin(1_000)).rejects.toMatchObject({ code: 'SQLITE' })
    expect(closed.size).toBe(2)
    expect(closed).toEqual(new Set(opened))
    expect(await pool.none(0)).toBe(true)
  })

  it('is one that a commit waits for, if it began beside another', async () => {
    const { path, pool, clock } = await poolOfBank()
    const reader = await pool.begin(1_000)
    const another = pool.beginBeside()
    pool.throwAway(reader)
    const none = pool.none(10)
    clock.advance(10)
    expect(await none).toBe(false)
    pool.throwAway(another)
    expect(await pool.none(0)).toBe(true)
    expect(isLocked(outsider(path))).toBe(false)
  })

  it('whose lock can not be given back ends all the same, and its connection is not used again', async () => {
    const { pool, closed, failing } = await poolOfBank()
    const reader = await pool.begin(1_000)
    reader.exec = failing
    expect(() => pool.end(reader)).toThrow('disk I/O error')
    expect(await pool.none(0)).toBe(true)
    pool.giveBack(reader)
    expect([...closed]).toEqual([reader])
    const another = await pool.begin(1_000)
    another.exec = failing
    pool.throwAway(another)
    expect([...closed]).toEqual([reader, another])
    expect(await pool.none(0)).toBe(true)
  })
})

describe('the connection of a read that has ended', () => {
  it('serves the next read; of several one is kept, and the others are closed', async () => {
    const { pool, opened, closed, read } = await poolOfBank()
    const readers = [await pool.begin(1_000), await pool.begin(1_000)]
    expect(opened).toEqual(readers)
    for (const reader of readers) {
      pool.end(reader)
      pool.giveBack(reader)
    }
    expect(closed.size).toBe(1)
    await read()
    await read()
    expect(opened).toEqual(readers)
  })

  it('is not used again after a freeze, whether it was idle then or in use', async () => {
    const { pool, opened, closed, read } = await poolOfBank()
    const reader = await pool.begin(1_000)
    await read()
    const before = [...opened]
    pool.discard()
    pool.end(reader)
    pool.giveBack(reader)
    expect(closed).toEqual(new Set(before))
    await read()
    await read()
    expect(opened).toHaveLength(3)
  })

  it('is closed where another file stands at the path, which the next read shows', async () => {
    const { path, closed, read } = await poolOfBank()
    await read()
    const elsewhere = scratchPath()
    const other = await openBank({}, elsewhere)
    await other.execute('UPDATE account SET balance = 5')
    await other.close()
    renameSync(elsewhere, path)
    expect(await read()).toBe(10n)
    expect(closed.size).toBe(1)
  })
})
