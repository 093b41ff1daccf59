import { execFileSync } from 'node:child_process'
import { statSync, unlinkSync } from 'node:fs'
import { LeaseError, LocalLeaser } from '@sqlite-efs/lease'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Connection } from '../src/engine/connection.js'
import { CLOCK_FOR_TESTS } from '../src/file/options.js'
import { type DatabaseEvent, openDatabase } from '../src/index.js'
import { recover } from '../src/maintenance.js'
import { WatchedLeaser } from './support/leasers.js'
import { ManualClock } from './support/manual-clock.js'
import { runChild } from './support/run-child.js'
import { nextTick, open, openBank, rows, scratchPath } from './support/scratch.js'

const original = Connection.prototype.run

describe('onEvent hears of', () => {
  it('each commit, with its ticket, size and times, and of none that wrote nothing', async () => {
    const events: DatabaseEvent[] = []
    const leaser = new WatchedLeaser()
    const bank = await openBank({ leaser, onEvent: (event) => events.push(event) })
    events.length = 0
    await Promise.all([1, 2, 3].map((n) => bank.execute('UPDATE account SET balance = ?', [BigInt(n)])))
    const token = leaser.lease?.token
    await bank.execute('UPDATE account SET balance = 0 WHERE id = 77')
    const transaction = await bank.transaction()
    await transaction.execute('UPDATE account SET balance = 0')
    await transaction.rollback()
    const ms = expect.any(Number) as number
    expect(events.filter(({ type }) => type !== 'read-window')).toEqual([
      {
        type: 'commit',
        path: bank.path,
        token,
        statements: 3,
        rows: 6,
        fileBytes: statSync(bank.path).size,
        waitedMs: ms,
        openMs: ms,
        commitMs: ms,
      },
    ])
  })

  it('the rows that triggers changed, and the file as it grows', async () => {
    const events: DatabaseEvent[] = []
    const bank = await openBank({ onEvent: (event) => events.push(event) })
    await bank.script(
      'CREATE TABLE log (a); CREATE TRIGGER t AFTER UPDATE ON account BEGIN INSERT INTO log VALUES (zeroblob(9000)); END',
    )
    for (const balance of [1n, 2n]) await bank.execute('UPDATE account SET balance = ?', [balance])
    expect(events.at(-1)).toMatchObject({ type: 'commit', rows: 4, fileBytes: statSync(bank.path).size })
  })

  it('what happens to a file for as long as one of its users listens, even with the same function as another', async () => {
    const events: DatabaseEvent[] = []
    const onEvent = (event: DatabaseEvent) => void events.push(event)
    const bank = await openBank({ onEvent })
    const other = openDatabase({ path: bank.path, leaser: new LocalLeaser(), onEvent })
    await other.close()
    events.length = 0
    await bank.execute('UPDATE account SET balance = 0')
    expect(events.filter(({ type }) => type === 'commit')).toHaveLength(1)
  })

  it('how long a commit waited for its turn, was open, and took', async () => {
    const clock = new ManualClock()
    const events: DatabaseEvent[] = []
    const bank = await openBank({
      onEvent: (event: DatabaseEvent) => events.push(event),
      [CLOCK_FOR_TESTS]: clock,
    } as object)
    const before = await bank.transaction()
    const after = bank.transaction()
    clock.advance(100)
    await before.rollback()
    const transaction = await after
    clock.advance(30)
    await transaction.execute('UPDATE account SET balance = 0')
    await transaction.commit()
    expect(events.at(-1)).toMatchObject({ type: 'commit', waitedMs: 100, openMs: 30, commitMs: 0 })
  })

  it.each([
    ['of the lease', new LeaseError('UNREACHABLE', 'no answer'), 'UNREACHABLE'],
    ['of anything else', new Error('gone'), 'LEASE_LOST'],
  ])('a conflict, with the code %s', async (_, cause, code) => {
    const events: DatabaseEvent[] = []
    const leaser = new WatchedLeaser()
    const bank = await openBank({ leaser, onEvent: (event) => events.push(event) })
    const transaction = await bank.transaction()
    await transaction.execute('UPDATE account SET balance = 0')
    leaser.lease!.remainingMs = () => 0
    leaser.lease!.renew = () => Promise.reject(cause)
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
    expect(events.at(-1)).toEqual({ type: 'conflict', path: bank.path, token: leaser.lease!.token, code })
  })

  it('a conflict of a deferred transaction, and one of a file that was replaced', async () => {
    const path = scratchPath()
    const conflicts: DatabaseEvent[] = []
    const onEvent = (event: DatabaseEvent) => void (event.type === 'conflict' && conflicts.push(event))
    const leaser = new WatchedLeaser()
    const bank = await openBank({ leaser, onEvent }, path)
    const deferred = await bank.transaction({ mode: 'deferred' })
    await rows(deferred, 'SELECT * FROM account')
    const other = await bank.transaction()
    await other.execute('UPDATE account SET balance = 1')
    const committed = other.commit()
    await expect(deferred.execute('UPDATE account SET balance = 0')).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
    await committed
    const immediate = await bank.transaction()
    await immediate.execute('UPDATE account SET balance = 2')
    execFileSync('rm', [path])
    await expect(immediate.commit()).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
    const token = expect.any(Number) as number
    expect(conflicts).toEqual([
      { type: 'conflict', path, token, code: 'FILE_CHANGED' },
      { type: 'conflict', path, token, code: 'FILE_REPLACED' },
    ])
  })

  it('a recovery, for whom, and how long it took; and a journal that had to be put back', async () => {
    const path = scratchPath()
    const events: DatabaseEvent[] = []
    const bank = await openBank({ onEvent: (event) => events.push(event) }, path)
    const ms = expect.any(Number) as number
    for (const cause of ['read', 'recover'] as const) {
      await runChild('die-in-commit.ts', [path])
      await (cause === 'read' ? rows(bank, 'SELECT 1 FROM account') : recover(bank))
      const token = expect.any(Number) as number
      const told = { type: 'recovery', path, token, cause, waitedMs: ms, durationMs: ms }
      expect(events.filter(({ type }) => type === 'recovery').at(-1)).toEqual(told)
      await nextTick()
    }
    unlinkSync(`${path}-journal`)
    const transaction = await bank.transaction()
    await transaction.execute('UPDATE account SET balance = 3')
    await transaction.rollback()
    expect(events.at(-1)).toMatchObject({ type: 'journal-restored', path })
  })

  it('each read window, how many reads shared it, and how long it was open', async () => {
    const clock = new ManualClock()
    const windows: DatabaseEvent[] = []
    const onEvent = (event: DatabaseEvent) => void (event.type === 'read-window' && windows.push(event))
    const bank = await openBank({ onEvent, [CLOCK_FOR_TESTS]: clock } as object)
    await rows(bank, 'SELECT 1 FROM account')
    windows.length = 0
    const run = vi.spyOn(Connection.prototype, 'run').mockImplementation(function (this: Connection, ...given) {
      clock.advance(7)
      return original.apply(this, given)
    })
    onTestFinished(() => run.mockRestore())
    await Promise.all([rows(bank, 'SELECT 1 FROM account'), rows(bank, 'SELECT 1 FROM account')])
    await rows(bank, 'SELECT 1 FROM account')
    const { path } = bank
    expect(windows).toEqual([
      { type: 'read-window', by: 'lock', path, reads: 2, openMs: 14 },
      { type: 'read-window', by: 'lock', path, reads: 1, openMs: 7 },
    ])
  })

  it('them in everybody who uses the file, until they close it; and what a listener throws costs nobody a write', async () => {
    const path = scratchPath()
    const bank = await openBank(
      {
        onEvent: () => {
          throw new Error('of the listener')
        },
      },
      path,
    )
    const heard: string[] = []
    const other = open(path, { onEvent: ({ type }) => heard.push(type) })
    await bank.execute('UPDATE account SET balance = 1')
    expect(heard.filter((type) => type !== 'read-window')).toEqual(['commit'])
    await other.close()
    heard.length = 0
    await bank.execute('UPDATE account SET balance = 2')
    expect(heard).toEqual([])
  })
})

describe('writers of one file in one process', () => {
  it('that would stand in different lines are refused', async () => {
    const path = scratchPath()
    await openBank({}, path)
    const leaser = Object.assign(new WatchedLeaser(new LocalLeaser()), { name: 'DynamoDB table other' })
    expect(() => openDatabase({ path, leaser })).toThrow(/this process, not DynamoDB table other/)
  })
})
