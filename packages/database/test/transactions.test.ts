import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Lease, LeaseError, LocalLeaser } from '@sqlite-efs/lease'
import { describe, expect, it } from 'vitest'
import { Connection } from '../src/engine/connection.js'
import { CLOCK_FOR_TESTS, VFS_FOR_TESTS } from '../src/file/options.js'
import { DatabaseError } from '../src/index.js'
import { check } from '../src/maintenance.js'
import { CreepingClock } from './support/creeping-clock.js'
import { isTakenOverBeforeItsRenewal, leaserThatIsNeverAsked, WatchedLeaser } from './support/leasers.js'
import { ManualClock } from './support/manual-clock.js'
import { isLocked, outsider } from './support/outsider.js'
import { nextTick, open, openBank, rows, scratchPath } from './support/scratch.js'

const SUM = 'SELECT sum(balance) FROM account'

describe('a transaction', () => {
  it.each(['immediate', 'deferred'] as const)(
    'in mode %s is seen by nobody until it is committed, and then whole',
    async (mode) => {
      const bank = await openBank()
      const transaction = await bank.transaction({ mode })
      await transaction.execute('UPDATE account SET balance = balance - 10 WHERE id = 1')
      await transaction.execute('UPDATE account SET balance = balance + 10 WHERE id = 2')
      expect((await transaction.execute('SELECT balance FROM account ORDER BY id')).rows).toEqual([[90n], [110n]])
      expect(await rows(bank, 'SELECT balance FROM account ORDER BY id')).toEqual([[100n], [100n]])
      await transaction.commit()
      expect(await rows(bank, 'SELECT balance FROM account ORDER BY id')).toEqual([[90n], [110n]])
    },
  )

  it.each(['immediate', 'deferred'] as const)(
    'in mode %s that is rolled back leaves nothing, and the next one can begin',
    async (mode) => {
      const bank = await openBank()
      const transaction = await bank.transaction({ mode })
      await transaction.execute('UPDATE account SET balance = 0')
      await transaction.rollback()
      expect(await rows(bank, SUM)).toEqual([[200n]])
      await (await bank.transaction({ mode })).rollback()
    },
  )

  it.each(['immediate', 'deferred'] as const)(
    'in mode %s is closed after its end, with an error that says so',
    async (mode) => {
      const bank = await openBank()
      const transaction = await bank.transaction({ mode })
      await transaction.commit()
      const over = { code: 'TRANSACTION_CLOSED', message: expect.stringContaining('committed') as string }
      await expect(transaction.execute(SUM)).rejects.toMatchObject(over)
      await expect(transaction.commit()).rejects.toMatchObject(over)
      await expect(transaction.rollback()).resolves.toBeUndefined()
    },
  )

  it.each(['immediate', 'deferred'] as const)('in mode %s has savepoints, whatever their names', async (mode) => {
    const bank = await openBank()
    const transaction = await bank.transaction({ mode })
    await transaction.savepoint('outer')
    await transaction.execute('SELECT 1')
    await transaction.savepoint('a "b" c')
    await transaction.execute('UPDATE account SET balance = 1')
    await transaction.rollbackTo('a "b" c')
    await transaction.execute('UPDATE account SET balance = balance + 1')
    await transaction.releaseSavepoint('outer')
    await transaction.commit()
    expect(await rows(bank, SUM)).toEqual([[202n]])
  })

  it('whose statement fails goes on without it', async () => {
    const bank = await openBank()
    const transaction = await bank.transaction()
    await transaction.execute('UPDATE account SET balance = 50 WHERE id = 1')
    await expect(transaction.execute('INSERT INTO account VALUES (1, 1)')).rejects.toMatchObject({ code: 'SQLITE' })
    await transaction.commit()
    expect(await rows(bank, SUM)).toEqual([[150n]])
  })

  it('that SQLite rolls back is over: what follows fails instead of being committed alone', async () => {
    const bank = await openBank()
    const transaction = await bank.transaction()
    await transaction.execute('UPDATE account SET balance = 50 WHERE id = 1')
    await expect(transaction.execute('INSERT OR ROLLBACK INTO account VALUES (1, 1)')).rejects.toMatchObject({
      code: 'SQLITE',
    })
    const over = { code: 'TRANSACTION_CLOSED', message: expect.stringContaining('rolled back by SQLite') as string }
    await expect(transaction.execute('UPDATE account SET balance = 1')).rejects.toMatchObject(over)
    await expect(transaction.commit()).rejects.toMatchObject(over)
    expect(await rows(bank, SUM)).toEqual([[200n]])
    await bank.execute('UPDATE account SET balance = 7')
  })

  it.each(['immediate', 'deferred'] as const)(
    'in mode %s whose COMMIT fails does not call itself committed',
    async (mode) => {
      const bank = await openBank()
      await bank.script('CREATE TABLE card (account REFERENCES account DEFERRABLE INITIALLY DEFERRED)')
      const transaction = await bank.transaction({ mode })
      await transaction.execute('INSERT INTO card VALUES (77)')
      await expect(transaction.commit()).rejects.toMatchObject({ details: { extendedCode: 787 } })
      const over = { code: 'TRANSACTION_CLOSED', message: expect.stringContaining('COMMIT failed') as string }
      await expect(transaction.execute(SUM)).rejects.toMatchObject(over)
      await expect(transaction.commit()).rejects.toMatchObject(over)
      await transaction.rollback()
    },
  )

  it('whose deferred constraint fails at COMMIT is over, and the next one works', async () => {
    const bank = await openBank()
    await bank.script(
      'CREATE TABLE card (id INTEGER PRIMARY KEY, account INTEGER REFERENCES account DEFERRABLE INITIALLY DEFERRED)',
    )
    const transaction = await bank.transaction()
    await transaction.execute('INSERT INTO card VALUES (1, 77)')
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'SQLITE', details: { extendedCode: 787 } })
    const next = await bank.transaction()
    await next.execute('INSERT INTO card VALUES (1, 1)')
    await next.commit()
    expect(await rows(bank, 'SELECT count(*) FROM card')).toEqual([[1n]])
  })

  it('that wrote nothing commits nothing: the file stays as it is', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    const before = outsider(path).prepare('PRAGMA data_version').raw()
    const version = before.all([])
    const transaction = await bank.transaction()
    await transaction.execute(SUM)
    await transaction.execute('UPDATE account SET balance = 0 WHERE id = 99')
    await transaction.commit()
    expect(before.all([])).toEqual(version)
  })

  it('that waits for its turn says what has it', async () => {
    const bank = await openBank({ timeoutMs: 150, transactionTimeoutMs: 150 })
    const first = await bank.transaction()
    const timeout = {
      code: 'LEASE_TIMEOUT',
      message: expect.stringContaining('a transaction of this process') as string,
    }
    await expect(bank.transaction()).rejects.toMatchObject(timeout)
    await expect(bank.execute('UPDATE account SET balance = 1')).rejects.toMatchObject(timeout)
    expect(await rows(bank, SUM)).toEqual([[200n]])
    await first.commit()
    await (await bank.transaction()).rollback()
  })

  it.each([
    ['what has it', 10_000, 'a transaction of this process'],
    ['who holds the lease, given up after maxHoldMs', 50, 'somebody-else holds the lease'],
  ])('that comes as a lease is at hand still says in time %s', async (_, maxHoldMs, told) => {
    const line = new LocalLeaser()
    const bank = await openBank({ timeoutMs: 150, transactionTimeoutMs: 60_000, leaser: line, maxHoldMs })
    const key = `database#${bank.path}`
    let stranger: Promise<Lease> | undefined
    const transaction = bank.execute('UPDATE account SET balance = 1').then(() => bank.transaction())
    const write = bank.execute('UPDATE account SET balance = 1').then(() => {
      if (maxHoldMs === 50) {
        stranger = line.acquire(key, { owner: 'somebody-else' })
        const heldUntilMs = performance.now() + maxHoldMs
        while (performance.now() <= heldUntilMs);
      }
      return bank.execute('UPDATE account SET balance = 2')
    })
    const message = expect.stringContaining(told) as string
    await expect(write).rejects.toMatchObject({ code: 'LEASE_TIMEOUT', message })
    await (await stranger)?.release()
    await (await transaction).rollback()
  })

  it('that waits for its turn gives up in time, though its timer fires a moment early and the clock goes on', async () => {
    const clock = new CreepingClock()
    const bank = await openBank({ transactionTimeoutMs: 20, [CLOCK_FOR_TESTS]: clock } as object)
    const first = await bank.transaction()
    clock.hasTimers = true
    await expect(bank.transaction()).rejects.toMatchObject({ code: 'LEASE_TIMEOUT' })
    clock.hasTimers = false
    await first.rollback()
  })

  it('leaves nothing behind when the database is closed in its middle', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    const transaction = await bank.transaction()
    await transaction.execute('UPDATE account SET balance = 0')
    const lasting = await bank.transaction({ mode: 'deferred' })
    await lasting.execute(SUM)
    await bank.close()
    expect(isLocked(outsider(path))).toBe(false)
    await expect(transaction.execute(SUM)).rejects.toMatchObject({ code: 'TRANSACTION_CLOSED' })
    expect(await rows(open(path), SUM)).toEqual([[200n]])
  })

  it('does not begin any more once the database is closed, and keeps nobody waiting who was behind it', async () => {
    // No time passes: what would wait for a transaction that nobody ends, waited for ever.
    const clock = new ManualClock()
    const path = scratchPath()
    const bank = await openBank({ [CLOCK_FOR_TESTS]: clock } as object, path)
    const modes = ['immediate', 'deferred', 'immediate', 'deferred'] as const
    const starts = modes.map(async (mode) => bank.transaction({ mode }))
    const write = bank.execute('UPDATE account SET balance = balance + 1')
    const closed = bank.close()
    const ended = await Promise.allSettled(starts)
    expect(ended.map((it) => it.status === 'rejected' && (it.reason as { code?: unknown }).code)).toEqual(
      modes.map(() => 'CLOSED'),
    )
    await write
    await closed
    expect(isLocked(outsider(path))).toBe(false)
    expect(await rows(open(path), SUM)).toEqual([[202n]])
  })

  it('after many others under one lease leaves no listeners behind', async () => {
    const leaser = new WatchedLeaser()
    const bank = await openBank({ leaser, maxHoldMs: 60_000 })
    const warnings: Error[] = []
    const listen = (warning: Error) => void warnings.push(warning)
    process.on('warning', listen)
    for (let i = 0; i < 30; i++) await (await bank.transaction()).commit()
    await nextTick()
    process.off('warning', listen)
    expect(warnings).toEqual([])
  })
})

describe('a transaction whose host was frozen', () => {
  /** Without SQLite's locks, as after a freeze that outlasted them. */
  const frozen = async (mode: 'immediate' | 'deferred') => {
    const clock = new ManualClock()
    const path = scratchPath()
    const leaser = new WatchedLeaser(new LocalLeaser({ clock }))
    const bank = await openBank({ leaser, [CLOCK_FOR_TESTS]: clock, [VFS_FOR_TESTS]: 'unix-none' } as object, path)
    const transaction = await bank.transaction({ mode })
    await transaction.execute(SUM)
    const other = outsider(path)
    const somebodyWrites = () => {
      other.exec('UPDATE account SET balance = balance + 1')
      if (mode === 'immediate') isTakenOverBeforeItsRenewal(leaser.lease!)
    }
    return { clock, bank, transaction, somebodyWrites }
  }

  it.each(['immediate', 'deferred'] as const)(
    'in mode %s reads nothing more, for its locks may be gone: it is over, and the next one works',
    async (mode) => {
      const { clock, bank, transaction, somebodyWrites } = await frozen(mode)
      clock.freeze(60_000)
      somebodyWrites()
      await expect(transaction.execute(SUM)).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
      await expect(transaction.execute(SUM)).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
      await transaction.rollback()
      const next = await bank.transaction({ mode })
      await next.execute('UPDATE account SET balance = 5')
      await next.commit()
      expect(await rows(bank, SUM)).toEqual([[10n]])
    },
  )

  it.each(['immediate', 'deferred'] as const)(
    'in mode %s in the middle of a statement gives out nothing that it read without its locks',
    async (mode) => {
      const { clock, transaction, somebodyWrites } = await frozen(mode)
      inNextRun(() => {
        clock.advance(60_000, { timers: false })
        somebodyWrites()
      })
      await expect(transaction.execute(SUM)).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
      await transaction.rollback()
    },
  )

  it.each(['immediate', 'deferred'] as const)(
    'in mode %s in the middle of a statement is told from a damaged file',
    async (mode) => {
      const { clock, bank, transaction, somebodyWrites } = await frozen(mode)
      inNextRun(() => {
        clock.advance(60_000, { timers: false })
        somebodyWrites()
        throw new DatabaseError('SQLITE', 'database disk image is malformed', { extendedCode: 11 })
      })
      await expect(transaction.execute(SUM)).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
      await transaction.rollback()
      expect(await rows(bank, SUM)).toEqual([[202n]])
    },
  )

  it('in mode immediate goes on where no other process had the lease meanwhile: none can have written', async () => {
    const { clock, bank, transaction } = await frozen('immediate')
    clock.freeze(60_000)
    expect(await rows(transaction, SUM)).toEqual([[200n]])
    inNextRun(() => clock.advance(60_000, { timers: false }))
    expect(await rows(transaction, SUM)).toEqual([[200n]])
    await transaction.execute('UPDATE account SET balance = 5')
    clock.freeze(60_000)
    await transaction.commit()
    expect(await rows(bank, SUM)).toEqual([[10n]])
  })

  it('in mode deferred goes on where nobody has written meanwhile, for what it reads fits to what it has read', async () => {
    const { clock, transaction } = await frozen('deferred')
    clock.freeze(60_000)
    expect(await rows(transaction, SUM)).toEqual([[200n]])
    inNextRun(() => clock.advance(60_000, { timers: false }))
    expect(await rows(transaction, SUM)).toEqual([[200n]])
    await transaction.execute('UPDATE account SET balance = 5')
    await transaction.commit()
  })

  it('for a moment only goes on', async () => {
    const { clock, transaction } = await frozen('deferred')
    clock.freeze(3000)
    await transaction.execute(SUM)
    clock.freeze(28_000)
    await transaction.execute('UPDATE account SET balance = 5')
    await transaction.commit()
  })
})

describe('a read whose host was frozen in its middle', () => {
  const frozenReads = async () => {
    const clock = new ManualClock()
    const path = scratchPath()
    const bank = await openBank({ [CLOCK_FOR_TESTS]: clock, [VFS_FOR_TESTS]: 'unix-none' } as object, path)
    const other = outsider(path)
    const frozenWhileSomebodyWrites = () => {
      clock.advance(60_000, { timers: false })
      other.exec('UPDATE account SET balance = balance + 1')
    }
    return { bank, clock, frozenWhileSomebodyWrites }
  }

  it('is done again: a part of it may be from before', async () => {
    const { bank, frozenWhileSomebodyWrites } = await frozenReads()
    let runs = 0
    inNextRun(() => {
      frozenWhileSomebodyWrites()
      inNextRun(() => runs++)
    })
    expect(await rows(bank, SUM)).toEqual([[202n]])
    expect(runs).toBe(1)
  })

  it('counts where it takes as long again, and nobody has written meanwhile', async () => {
    const { bank, clock, frozenWhileSomebodyWrites } = await frozenReads()
    inNextRun(() => {
      frozenWhileSomebodyWrites()
      inNextRun(() => clock.advance(60_000, { timers: false }))
    })
    expect(await rows(bank, SUM)).toEqual([[202n]])
  })

  it('twice while somebody writes is a conflict, and the next one works', async () => {
    const { bank, frozenWhileSomebodyWrites } = await frozenReads()
    inNextRun(() => {
      frozenWhileSomebodyWrites()
      inNextRun(frozenWhileSomebodyWrites)
    })
    await expect(bank.execute(SUM)).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
    expect(await rows(bank, SUM)).toEqual([[204n]])
  })
})

/** Has something happen in the middle of the next statement. */
function inNextRun(happens: () => void): void {
  const { run } = Connection.prototype
  Connection.prototype.run = function (sql, args) {
    if (sql !== SUM) return run.call(this, sql, args)
    Connection.prototype.run = run
    const result = run.call(this, sql, args)
    happens()
    return result
  }
}

describe('a deferred transaction', () => {
  it('that only reads never touches the lease, and sees one state from its first read on', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    await bank.close()
    const reader = open(path, { leaser: leaserThatIsNeverAsked() })
    const transaction = await reader.transaction({ mode: 'deferred' })
    await transaction.execute(SUM)
    await nextTick()
    expect(isLocked(outsider(path))).toBe(true)
    await transaction.execute(SUM)
    await transaction.commit()
    expect(isLocked(outsider(path))).toBe(false)
  })

  it('whose file changed between its read and its write conflicts, and nothing of it is written', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    const transaction = await bank.transaction({ mode: 'deferred' })
    await transaction.execute(SUM)
    // Stands in the queue before the transaction's own write, and waits with its COMMIT for the transaction's read to end.
    const other = await bank.transaction()
    await other.execute('UPDATE account SET balance = balance + 1')
    const committed = other.commit()
    await expect(transaction.execute('UPDATE account SET balance = 0')).rejects.toMatchObject({
      code: 'WRITE_CONFLICT',
    })
    await committed
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
    await transaction.rollback()
    expect(await rows(bank, SUM)).toEqual([[202n]])
    await (await bank.transaction({ mode: 'deferred' })).rollback()
  })
})

describe('the rollback of a deferred transaction does nothing', () => {
  it('where a write before it ended the transaction with a conflict', async () => {
    const bank = await openBank()
    const transaction = await bank.transaction({ mode: 'deferred' })
    await transaction.execute(SUM)
    const other = await bank.transaction()
    await other.execute('UPDATE account SET balance = balance + 1')
    const committed = other.commit()
    const write = transaction.execute('UPDATE account SET balance = 0')
    const rolledBack = transaction.rollback()
    await expect(write).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
    await expect(rolledBack).resolves.toBeUndefined()
    await committed
    expect(await rows(bank, SUM)).toEqual([[202n]])
  })

  it('where a commit before it was still under way', async () => {
    const bank = await openBank()
    const transaction = await bank.transaction({ mode: 'deferred' })
    await transaction.execute('UPDATE account SET balance = 5')
    await Promise.all([transaction.commit(), transaction.rollback()])
    expect(await rows(bank, SUM)).toEqual([[10n]])
  })
})

describe('the start of a deferred transaction', () => {
  const waiting = async () => {
    const clock = new ManualClock()
    const path = scratchPath()
    const options = { timeoutMs: 5_000, transactionTimeoutMs: 1_900, [CLOCK_FOR_TESTS]: clock } as object
    const bank = await openBank(options, path)
    const told: unknown[] = []
    const begin = () => {
      bank.transaction({ mode: 'deferred' }).catch((error: { code?: unknown }) => told.push(error.code))
    }
    const passed = async (ms: number) => {
      for (let passedMs = 0; passedMs < ms; passedMs += 25) {
        clock.advance(25)
        await nextTick()
      }
      return told
    }
    return { path, bank, begin, passed }
  }

  it('waits for a lock of somebody else for transactionTimeoutMs', async () => {
    const { path, begin, passed } = await waiting()
    const other = outsider(path)
    other.exec('BEGIN EXCLUSIVE')
    begin()
    expect(await passed(1_875)).toEqual([])
    expect(await passed(50)).toEqual(['BUSY'])
  })

  it('waits for a commit of its own process for transactionTimeoutMs', async () => {
    const { bank, begin, passed } = await waiting()
    const reading = await bank.transaction({ mode: 'deferred' })
    await reading.execute(SUM)
    // Waits with its COMMIT for the read to end, and lets none begin meanwhile.
    const write = bank.execute('UPDATE account SET balance = 1')
    await passed(25)
    begin()
    expect(await passed(1_875)).toEqual([])
    expect(await passed(50)).toEqual(['BUSY'])
    await reading.commit()
    await write
    expect(await rows(bank, SUM)).toEqual([[2n]])
  })
})

describe('an I/O error in COMMIT', () => {
  it('is told as what it is, an outcome that is not known, and leaves a database that works', async () => {
    const path = scratchPath()
    await (await openBank({}, path)).close()
    const child = fileURLToPath(new URL('support/fail-in-commit.ts', import.meta.url))
    const command = `trap '' XFSZ; ulimit -f 20000; exec "$0" --conditions=@sqlite-efs/source --import tsx "$1" "$2"`
    const output = execFileSync('bash', ['-c', command, process.execPath, child, path], { encoding: 'utf8' })
    expect(JSON.parse(output)).toEqual({ write: 'done', commit: 'COMMIT_UNKNOWN', read: '201', 'next write': 'done' })
    const bank = open(path)
    expect(await rows(bank, SUM)).toEqual([[204n]])
    expect(await check(bank)).toEqual([])
  })
})

describe('the lease of a transaction', () => {
  it('is renewed before COMMIT when no more than half of it is left', async () => {
    const clock = new ManualClock()
    const leaser = new WatchedLeaser(new LocalLeaser({ clock }))
    const bank = await openBank({ leaser })
    const transaction = await bank.transaction()
    await transaction.execute('UPDATE account SET balance = 1')
    clock.advance(leaser.ttlMs / 2 - 1, { timers: false })
    const early = [...leaser.log]
    expect(early).not.toContain('renew')
    clock.advance(1, { timers: false })
    await transaction.commit()
    expect(leaser.log).toContain('renew')
    expect(await rows(bank, SUM)).toEqual([[2n]])
  })

  it('that is lost before COMMIT ends it: nothing is written, and it is safe to try again', async () => {
    const leaser = new WatchedLeaser()
    const path = scratchPath()
    const bank = await openBank({ leaser }, path)
    const transaction = await bank.transaction()
    await transaction.execute('UPDATE account SET balance = 1')
    const lease = leaser.lease!
    lease.remainingMs = () => 0
    lease.renew = () => Promise.reject(new LeaseError('LEASE_LOST', 'swept'))
    await expect(transaction.commit()).rejects.toMatchObject({
      code: 'WRITE_CONFLICT',
      message: expect.stringContaining('swept') as string,
    })
    expect(await rows(bank, SUM)).toEqual([[200n]])
    await bank.execute('UPDATE account SET balance = 2')
    expect(await rows(bank, SUM)).toEqual([[4n]])
  })

  it('that is not answered for in time is as good as lost', async () => {
    const leaser = new WatchedLeaser()
    const bank = await openBank({ leaser })
    const transaction = await bank.transaction()
    await transaction.execute('UPDATE account SET balance = 1')
    leaser.lease!.remainingMs = () => leaser.ttlMs / 2
    leaser.lease!.renew = () => Promise.resolve()
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
    expect(await rows(bank, SUM)).toEqual([[200n]])
  })

  it('that is taken over while COMMIT waits for a reader ends the transaction: the file is free again, and nothing is written', async () => {
    const clock = new ManualClock()
    const path = scratchPath()
    const leaser = new WatchedLeaser(new LocalLeaser({ clock }))
    const bank = await openBank({ leaser, [CLOCK_FOR_TESTS]: clock } as object, path)
    const transaction = await bank.transaction()
    await transaction.execute('UPDATE account SET balance = 1')
    const [reader, newcomer] = [outsider(path), outsider(path)]
    reader.exec('BEGIN; SELECT * FROM account')
    const committed = transaction.commit()
    await nextTick()
    // COMMIT met BUSY: it keeps new readers out, and waits for the old one.
    expect(() => newcomer.exec('SELECT * FROM account')).toThrow(/locked/)
    clock.freeze(60_000)
    isTakenOverBeforeItsRenewal(leaser.lease!)
    await leaser.lease!.renew().catch(() => {})
    reader.exec('COMMIT')
    clock.advance(1000)
    await expect(committed).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
    expect(await rows(bank, SUM)).toEqual([[200n]])
    await bank.execute('UPDATE account SET balance = 2')
    expect(await rows(bank, SUM)).toEqual([[4n]])
  })

  it("that is lost in the middle gives SQLite's locks back at once, not when the user notices", async () => {
    const clock = new ManualClock()
    const leaser = new WatchedLeaser(new LocalLeaser({ clock }))
    const path = scratchPath()
    const bank = await openBank({ leaser }, path)
    const transaction = await bank.transaction()
    await transaction.execute('UPDATE account SET balance = 1')
    const lost = new Promise((resolve) => leaser.lease!.signal.addEventListener('abort', resolve))
    // Somebody with another view of time takes it over.
    const later = new ManualClock(clock.wallMs() + 60_000)
    const thief = await new LocalLeaser({ clock: later }).acquire(leaser.lease!.key)
    clock.advance(60_000)
    await lost
    expect(isLocked(outsider(path))).toBe(false)
    await expect(transaction.execute(SUM)).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
    await thief.release()
    await bank.execute('UPDATE account SET balance = 3')
    expect(await rows(bank, SUM)).toEqual([[6n]])
  })

  it.each([
    [
      'one statement blocked the process names that statement',
      /blocked this process for 7000 ms.*sum\(balance\).*lease\.ttlMs/,
    ],
    ['the caller computed between two statements says for how long', /busy for 7000 ms without a pause.*lease\.ttlMs/],
  ])('that was taken over while %s, and the option to raise', async (_, message) => {
    const clock = new ManualClock()
    const leaser = new WatchedLeaser(new LocalLeaser({ clock }))
    const bank = await openBank({ leaser, [CLOCK_FOR_TESTS]: clock } as object)
    const transaction = await bank.transaction()
    await transaction.execute('UPDATE account SET balance = 1')
    const busy = () => {
      clock.advance(7_000, { timers: false })
      isTakenOverBeforeItsRenewal(leaser.lease!)
    }
    if (message.source.startsWith('blocked')) inNextRun(busy)
    else busy()
    const conflict = {
      code: 'WRITE_CONFLICT',
      message: expect.stringMatching(message) as string,
      details: { option: 'lease.ttlMs' },
    }
    await expect(transaction.execute(SUM)).rejects.toMatchObject(conflict)
    await expect(transaction.commit()).rejects.toMatchObject(conflict)
    expect(await rows(bank, SUM)).toEqual([[200n]])
  })

  it('is kept for what is written next, and given back when there is nothing', async () => {
    const leaser = new WatchedLeaser()
    const bank = await openBank({ leaser })
    await bank.execute('UPDATE account SET balance = 1')
    await bank.execute('UPDATE account SET balance = 2')
    await bank.close()
    expect(leaser.log.filter((entry) => entry === 'acquire')).toHaveLength(1)
    expect(leaser.log.at(-1)).toBe('release')
  })

  it('is passed on after maxHoldMs, however much this process has to write', async () => {
    const leaser = new WatchedLeaser()
    const bank = await openBank({ leaser, maxHoldMs: 0 })
    const writes = []
    for (let i = 0; i < 3; i++) writes.push(await bank.transaction().then((transaction) => transaction.commit()))
    expect(leaser.log).toContain('yield')
  })

  it.each([
    ['before-answer', true],
    ['background', false],
  ] as const)('with release %s is given back before the answer: %s', async (release, released) => {
    const leaser = new WatchedLeaser()
    const bank = await openBank({ leaser, release })
    leaser.log.length = 0
    await bank.execute('UPDATE account SET balance = 1')
    expect(leaser.log.includes('release')).toBe(released)
    await bank.close()
    leaser.log.length = 0
  })
})
