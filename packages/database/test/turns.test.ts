import { type Lease, LeaseError, LocalLeaser } from '@sqlite-efs/lease'
import { describe, expect, it } from 'vitest'
import { Connection } from '../src/engine/connection.js'
import { CLOCK_FOR_TESTS } from '../src/file/options.js'
import type { Database, DatabaseEvent } from '../src/index.js'
import { WatchedLeaser } from './support/leasers.js'
import { ManualClock } from './support/manual-clock.js'
import { outsider } from './support/outsider.js'
import { nextTick, open, openBank, rows, scratchPath } from './support/scratch.js'

const PATIENT = { timeoutMs: 60_000 }

/** A bank, and what was committed to it. */
async function watchedBank(options: object = {}) {
  const commits: number[] = []
  const onEvent = (event: DatabaseEvent) => {
    if (event.type === 'commit') commits.push(event.statements)
  }
  const bank = await openBank({ ...PATIENT, onEvent, ...options })
  const { length } = commits
  return { bank, commits: () => commits.slice(length) }
}

const inserts = (count: number) => Array.from({ length: count }, (_, i) => `INSERT INTO account VALUES (${i + 10}, 1)`)

/** Keeps SQLite, and this thread, busy for some milliseconds. */
const SLOW =
  'UPDATE account SET balance = balance + (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) SELECT count(*) FROM n) * 0'

/** How often the event loop has turned while something was done. */
async function turnsDuring(action: () => Promise<unknown>): Promise<number> {
  let turns = 0
  const count = () => {
    turns++
    timer = setImmediate(count)
  }
  let timer = setImmediate(count)
  await action()
  clearImmediate(timer)
  return turns
}

describe('transactions that follow one another', () => {
  const onceEach = async (bank: Database, count: number, sql: string) => {
    for (let done = 0; done < count; done++) {
      const transaction = await bank.transaction()
      await transaction.execute(sql)
      await transaction.rollback()
    }
  }

  it('wait for no turn of the event loop under the lease that is held', async () => {
    // A clock that stands still: it is never time for the others.
    const { bank } = await watchedBank({ [CLOCK_FOR_TESTS]: new ManualClock() })
    await onceEach(bank, 1, 'SELECT 1')
    expect(await turnsDuring(() => onceEach(bank, 50, 'SELECT 1'))).toBeLessThan(5)
  })

  it('let the event loop have its turns in between, where they take long', async () => {
    const { bank } = await watchedBank()
    expect(await turnsDuring(() => onceEach(bank, 60, SLOW))).toBeGreaterThan(5)
  })
})

describe('writes that wait together', () => {
  it('and take long are committed part by part, and the event loop has its turns in between', async () => {
    const { bank, commits } = await watchedBank()
    const turns = await turnsDuring(() => Promise.all(Array.from({ length: 60 }, () => bank.execute(SLOW))))
    expect(commits().length).toBeGreaterThan(2)
    expect(commits().reduce((sum, each) => sum + each)).toBe(60)
    expect(turns).toBeGreaterThan(2)
  })

  it('share commits still where one of them ends the whole transaction: it alone has a turn of its own', async () => {
    // A clock that stands still: no group is over its time.
    const { bank, commits } = await watchedBank({ [CLOCK_FOR_TESTS]: new ManualClock() })
    const writes = inserts(100)
    writes.splice(50, 0, 'INSERT OR ROLLBACK INTO account VALUES (1, 1)')
    const settled = await Promise.allSettled(writes.map((sql) => bank.execute(sql)))
    expect(settled.flatMap(({ status }, at) => (status === 'rejected' ? [at] : []))).toEqual([50])
    expect(commits()).toEqual([50, 50])
    expect(await rows(bank, 'SELECT count(*) FROM account')).toEqual([[102n]])
  })

  it('and can share no commit let others in the line have their turn after maxHoldMs', async () => {
    const line = new LocalLeaser()
    const leaser = new WatchedLeaser(line)
    const { bank } = await watchedBank({ leaser, maxHoldMs: 0 })
    await bank.script(
      'CREATE TABLE card (id INTEGER PRIMARY KEY, account INTEGER REFERENCES account DEFERRABLE INITIALLY DEFERRED)',
    )
    const log: string[] = []
    let other: Promise<unknown> | undefined
    leaser.onLease = () => {
      other ??= line.acquire(`database#${bank.path}`, PATIENT).then((lease) => {
        log.push('somebody else')
        return lease.release()
      })
    }
    const cards = Array.from({ length: 50 }, async (_, i) => {
      await bank.execute(`INSERT INTO card VALUES (${i}, 1)`)
      log.push('card')
    })
    await Promise.all(cards)
    await other
    expect(log).toHaveLength(51)
    expect(log.indexOf('somebody else')).toBeLessThan(25)
  })

  it('wait for a locked file each for as long as its own timeoutMs says', async () => {
    const clock = new ManualClock()
    const path = scratchPath()
    const bank = await openBank(
      { timeoutMs: 1_000, transactionTimeoutMs: 60_000, [CLOCK_FOR_TESTS]: clock } as object,
      path,
    )
    const transaction = await bank.transaction()
    const outcomes: string[] = []
    const send = (id: number) =>
      bank.execute(`UPDATE account SET balance = 7 WHERE id = ${id}`).then(
        () => outcomes.push(`${id} done`),
        (error: { code: string }) => outcomes.push(`${id} ${error.code}`),
      )
    const first = send(1)
    clock.advance(900)
    const second = send(2)
    await transaction.rollback()
    const other = outsider(path)
    other.exec('BEGIN IMMEDIATE')
    for (let passed = 0; passed < 400 && outcomes.length === 0; passed += 5) {
      await nextTick()
      clock.advance(5)
    }
    expect(outcomes).toEqual(['1 BUSY'])
    other.exec('ROLLBACK')
    while (outcomes.length < 2) {
      await nextTick()
      clock.advance(1)
    }
    await Promise.all([first, second])
    expect(outcomes).toEqual(['1 BUSY', '2 done'])
  })
})

describe('a write whose kind can not be asked for, since somebody commits,', () => {
  it.each([
    ['a write', (bank: Awaited<ReturnType<typeof openBank>>) => bank.execute('INSERT INTO log (what) VALUES (2)')],
    ['a script', (bank: Awaited<ReturnType<typeof openBank>>) => bank.script('INSERT INTO log (what) VALUES (2)')],
  ])('is not overtaken by %s that was sent after it', async (_, sendNext) => {
    const path = scratchPath()
    const bank = await openBank(PATIENT, path)
    await bank.execute('CREATE TABLE log (id INTEGER PRIMARY KEY, what)')
    await bank.execute('INSERT INTO log (what) VALUES (2)')
    await nextTick()
    const other = outsider(path)
    other.exec('BEGIN EXCLUSIVE')
    const first = bank.execute('INSERT INTO log (what) VALUES (1)')
    const second = sendNext(bank)
    await nextTick()
    other.exec('ROLLBACK')
    await Promise.all([first, second])
    expect(await rows(bank, 'SELECT what FROM log ORDER BY id')).toEqual([[2n], [1n], [2n]])
  })
})

describe('what is sent with no pause in between', () => {
  it('has its turns in the order in which it was sent: a script, a transaction, a write', async () => {
    const bank = await openBank(PATIENT)
    await bank.execute('CREATE TABLE log (id INTEGER PRIMARY KEY, what)')
    const insert = (what: number) => `INSERT INTO log (what) VALUES (${what})`
    await bank.execute(insert(0))
    const script = bank.script(insert(1))
    const transaction = bank.transaction()
    const write = bank.execute(insert(0))
    await (await transaction).execute(insert(2))
    await (await transaction).commit()
    await Promise.all([script, write])
    expect(await rows(bank, 'SELECT what FROM log ORDER BY id')).toEqual([[0n], [1n], [2n], [0n]])
  })
})

describe('a write whose ticket is older than the file knows', () => {
  it('stands in line again, for no longer than its timeoutMs, and says who has the lease', async () => {
    const path = scratchPath()
    const line = new LocalLeaser({ ttlMs: 60_000 })
    const leaser = new WatchedLeaser(line)
    const bank = await openBank({ leaser, timeoutMs: 300 }, path)
    await bank.execute('UPDATE account SET balance = 1')
    await expect.poll(() => leaser.log.at(-1)).toBe('release')
    outsider(path).exec('PRAGMA user_version=5000')
    let other: Promise<Lease> | undefined
    leaser.onLease = () => {
      other ??= line.acquire(`database#${path}`, { ...PATIENT, owner: 'somebody else' })
    }
    await expect(bank.execute('UPDATE account SET balance = 2')).rejects.toMatchObject({
      code: 'LEASE_TIMEOUT',
      details: { holder: 'somebody else' },
    })
    await (await other)?.release()
    await bank.execute('UPDATE account SET balance = 3')
    expect(await rows(bank, 'SELECT balance FROM account')).toEqual([[3n], [3n]])
  })
})

describe('who was to be served at once', () => {
  it.each([
    [1, 'LEASE_TIMEOUT'],
    [2, 'begun'],
  ])(
    'waits for no longer than he said where maxHoldMs is over just then, at look %i at the lease: %s',
    async (look, outcome) => {
      const clock = new ManualClock()
      const path = scratchPath()
      const line = new LocalLeaser()
      const leaser = new WatchedLeaser(line)
      let other: Promise<Lease> | undefined
      leaser.onLease = () => {
        other ??= line.acquire(`database#${path}`, PATIENT)
      }
      const bank = await openBank({ ...PATIENT, leaser, maxHoldMs: 1_000, [CLOCK_FOR_TESTS]: clock } as object, path)
      await bank.execute('UPDATE account SET balance = 7 WHERE id = 1')
      clock.advance(995)
      const outcomes: string[] = []
      const impatient = bank.transaction({ timeoutMs: 100 }).then(
        (transaction) => {
          outcomes.push('begun')
          return transaction.rollback()
        },
        (error: { code: string }) => outcomes.push(error.code),
      )
      const patient = bank.execute('UPDATE account SET balance = 7 WHERE id = 2')
      const lease = leaser.lease!
      const { remainingMs } = lease
      let looks = 0
      lease.remainingMs = () => {
        if (++looks === look) clock.advance(10)
        return remainingMs()
      }
      for (let turns = 0; turns < 5; turns++) await nextTick()
      clock.advance(100)
      await nextTick()
      const inTime = [...outcomes]
      await (await other)?.release()
      await Promise.all([impatient, patient])
      expect(inTime).toEqual([outcome])
    },
  )
})

describe('a script with foreign keys off', () => {
  it('goes on where the process was frozen between its two beginnings', async () => {
    const clock = new ManualClock()
    const bank = await openBank({ [CLOCK_FOR_TESTS]: clock } as object)
    const { exec } = Connection.prototype
    Connection.prototype.exec = function (sql: string) {
      if (sql === 'PRAGMA foreign_keys=OFF') {
        clock.freeze(2_000)
        Connection.prototype.exec = exec
      }
      exec.call(this, sql)
    }
    await bank.script('PRAGMA foreign_keys=OFF; CREATE TABLE card (id); PRAGMA foreign_keys=ON')
    expect(Connection.prototype.exec).toBe(exec)
    expect(await rows(bank, 'SELECT count(*) FROM card')).toEqual([[0n]])
  })
})

describe('a write that is awaited outside of the transaction that keeps it waiting', () => {
  it('is told so, also where the turn comes in the last milliseconds of its patience', async () => {
    const clock = new ManualClock()
    const bank = await openBank({ timeoutMs: 5_000, [CLOCK_FOR_TESTS]: clock } as object)
    const transaction = await bank.transaction()
    const write = bank.execute('UPDATE account SET balance = 7')
    const outcome = write.catch((error: unknown) => error)
    clock.advance(4_995)
    const committing = transaction.rollback()
    clock.advance(6, { timers: false })
    await committing
    clock.advance(1)
    expect(await outcome).toMatchObject({
      code: 'LEASE_TIMEOUT',
      message: expect.stringMatching(/until just now a transaction of this process had it.*write with tx/) as string,
      details: { holder: 'this process' },
    })
  })
})

describe('a leaser that allows so many attempts and no more', () => {
  it('is not asked again for writes whose attempts are used up', async () => {
    const bank = await openBank()
    await bank.close()
    let asked = 0
    const acquire = async () => {
      asked++
      throw new LeaseError('LEASE_TIMEOUT', 'the lease could not be had in 1 attempts', { attempts: 1 })
    }
    const impatient = open(bank.path, { leaser: Object.assign(new LocalLeaser(), { acquire }), ...PATIENT })
    const settled = await Promise.allSettled(
      [1, 2].map((id) => impatient.execute(`DELETE FROM account WHERE id = ${id}`)),
    )
    expect(settled).toMatchObject([1, 2].map(() => ({ status: 'rejected', reason: { code: 'LEASE_TIMEOUT' } })))
    expect(asked).toBe(1)
  })
})
