import { LocalLeaser } from '@sqlite-efs/lease'
import { describe, expect, it } from 'vitest'
import { Connection } from '../src/engine/connection.js'
import { CLOCK_FOR_TESTS, VFS_FOR_TESTS } from '../src/file/options.js'
import { DatabaseError } from '../src/index.js'
import { WatchedLeaser } from './support/leasers.js'
import { ManualClock, passUntil } from './support/manual-clock.js'
import { outsider } from './support/outsider.js'
import { nextTick, openBank, rows, scratchPath } from './support/scratch.js'

const SUM = 'SELECT sum(balance) FROM account'

describe('an immediate transaction', () => {
  it('whose commit is under way is not ended by a rollback: the commit goes on, and is acknowledged', async () => {
    const bank = await openBank()
    const reading = await bank.transaction({ mode: 'deferred' })
    await reading.execute(SUM)
    const transaction = await bank.transaction()
    await transaction.execute('UPDATE account SET balance = 5')
    // Waits for the read to end.
    const committed = transaction.commit()
    await nextTick()
    await transaction.rollback()
    await reading.rollback()
    await committed
    expect(await rows(bank, SUM)).toEqual([[10n]])
  })

  it('that loses its lease while its commit waits for a statement leaves the next transaction alone', async () => {
    const clock = new ManualClock()
    const leaser = new WatchedLeaser(new LocalLeaser({ clock }))
    const bank = await openBank({ leaser, [CLOCK_FOR_TESTS]: clock } as object)
    const transaction = await bank.transaction()
    await transaction.execute('UPDATE account SET balance = 5')
    const lease = leaser.lease!
    let answer = () => {}
    const asked = new Promise<void>((resolve) => {
      lease.renew = () => {
        resolve()
        return new Promise((renewed) => {
          answer = renewed
        })
      }
    })
    clock.advance(3_500, { timers: false })
    const sent = transaction.execute('UPDATE account SET balance = 6')
    const committed = transaction.commit()
    const ended = Promise.allSettled([sent, committed])
    await asked
    const lost = new Promise((resolve) => lease.signal.addEventListener('abort', resolve))
    // Another process with another view of time takes it over.
    const thief = await new LocalLeaser({ clock: new ManualClock(clock.wallMs() + 60_000) }).acquire(lease.key)
    await passUntil(clock, lost)
    await thief.release()
    const begun = await passUntil(clock, bank.transaction())
    await begun.execute('UPDATE account SET balance = balance + 1')
    answer()
    expect(await ended).toMatchObject([1, 2].map(() => ({ reason: { code: 'WRITE_CONFLICT' } })))
    await begun.commit()
    expect(await rows(bank, SUM)).toEqual([[202n]])
  })
})

describe('a deferred transaction', () => {
  it('that met a malformed page does not go on in another state of the file', async () => {
    const path = scratchPath()
    // Without SQLite's locks, as after a freeze that outlasted them.
    const bank = await openBank({ [VFS_FOR_TESTS]: 'unix-none' } as object, path)
    const transaction = await bank.transaction({ mode: 'deferred' })
    expect(await rows(transaction, SUM)).toEqual([[200n]])
    const other = outsider(path)
    const { run } = Connection.prototype
    Connection.prototype.run = function (sql, args) {
      if (sql !== SUM) return run.call(this, sql, args)
      Connection.prototype.run = run
      other.exec('UPDATE account SET balance = balance + 1')
      throw new DatabaseError('SQLITE', 'database disk image is malformed', { extendedCode: 11 })
    }
    await expect(transaction.execute(SUM)).rejects.toMatchObject({ details: { extendedCode: 11 } })
    await transaction.rollback()
    expect(await rows(bank, SUM)).toEqual([[202n]])
  })

  it('that met a malformed page goes on in the same state of the file, and writes', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    const before = await bank.transaction({ mode: 'deferred' })
    await before.execute(SUM)
    await before.commit()
    // The reader has seen a change of another process, and the one in its place has not.
    outsider(path).exec('UPDATE account SET balance = 1')
    const transaction = await bank.transaction({ mode: 'deferred' })
    const { run } = Connection.prototype
    Connection.prototype.run = function (sql, args) {
      if (sql !== SUM) return run.call(this, sql, args)
      Connection.prototype.run = run
      throw new DatabaseError('SQLITE', 'database disk image is malformed', { extendedCode: 11 })
    }
    expect(await rows(transaction, SUM)).toEqual([[2n]])
    await transaction.execute('UPDATE account SET balance = balance + 1')
    await transaction.commit()
    expect(await rows(bank, SUM)).toEqual([[4n]])
  })

  it('has its savepoints still when it goes on writing, but for those that were released', async () => {
    const bank = await openBank()
    const transaction = await bank.transaction({ mode: 'deferred' })
    await transaction.savepoint('kept')
    await transaction.rollbackTo('kept')
    for (const name of ['released', 'inner']) await transaction.savepoint(name)
    await transaction.releaseSavepoint('released')
    await transaction.execute('UPDATE account SET balance = 5')
    await expect(transaction.rollbackTo('inner')).rejects.toMatchObject({ code: 'SQLITE' })
    await expect(transaction.rollbackTo('released')).rejects.toMatchObject({ code: 'SQLITE' })
    await transaction.rollbackTo('kept')
    await transaction.commit()
    expect(await rows(bank, SUM)).toEqual([[200n]])
  })

  it('that goes on writing gives its reader back: the next one reads with the same', async () => {
    const bank = await openBank()
    const readers = new Set<Connection>()
    const { run } = Connection.prototype
    Connection.prototype.run = function (sql, args) {
      if (sql === SUM) readers.add(this)
      return run.call(this, sql, args)
    }
    try {
      for (let round = 0; round < 3; round++) {
        const transaction = await bank.transaction({ mode: 'deferred' })
        await transaction.execute(SUM)
        await transaction.execute('UPDATE account SET balance = balance + 1')
        await transaction.commit()
      }
    } finally {
      Connection.prototype.run = run
    }
    expect(readers.size).toBe(1)
  })
})
