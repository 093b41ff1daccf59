import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { DatabaseEvent } from '../src/contract/events.js'
import { Connection } from '../src/engine/connection.js'
import { CLOCK_FOR_TESTS } from '../src/file/options.js'
import { ManualClock } from './support/manual-clock.js'
import { isLocked, outsider } from './support/outsider.js'
import { nextTick, openBank, rows, scratchPath } from './support/scratch.js'

const original = Connection.prototype.run
const SUM = 'SELECT sum(balance) FROM account'

describe('a read window', () => {
  /** Opens the database, and collects how many reads shared each window. */
  async function openWatched(options: object = {}) {
    const path = scratchPath()
    const windows: number[] = []
    const onEvent = (event: DatabaseEvent) => void (event.type === 'read-window' && windows.push(event.reads))
    // How long a busy machine takes must not split a window.
    const bank = await openBank({ onEvent, [CLOCK_FOR_TESTS]: new ManualClock(), ...options } as object, path)
    await rows(bank, SUM)
    await nextTick()
    windows.length = 0
    return { bank, other: outsider(path), windows }
  }

  it('is shared by reads of one turn of the event loop, and closed before any of them has its result', async () => {
    const { bank, other, windows } = await openWatched()
    const seen: boolean[] = []
    const read = () => rows(bank, SUM).then(() => seen.push(isLocked(other)))
    const readLater = async () => {
      await Promise.resolve()
      await read()
    }
    const all = Promise.all([read(), readLater(), read()])
    seen.push(isLocked(other))
    await all
    expect(seen).toEqual([false, false, false, false])
    expect(windows).toEqual([3])
  })

  it('is closed before the result of a statement that was compiled for it first', async () => {
    const { bank, other, windows } = await openWatched()
    await rows(bank, 'SELECT max(balance) FROM account')
    expect(isLocked(other)).toBe(false)
    expect(windows).toEqual([1])
    const write = bank.execute('UPDATE account SET balance = balance + 1')
    await Promise.resolve()
    expect(isLocked(other)).toBe(false)
    await write
  })

  it('lingers for a statement that follows within so many microtasks, and no longer', async () => {
    const { bank, other, windows } = await openWatched({ followUpMicrotasks: 20 })
    const pass = async (microtasks: number) => {
      for (let n = 0; n < microtasks; n++) await Promise.resolve()
    }
    await rows(bank, SUM)
    await pass(10)
    expect(isLocked(other)).toBe(true)
    await rows(bank, SUM)
    await pass(10)
    expect(isLocked(other)).toBe(true)
    await pass(20)
    expect(isLocked(other)).toBe(false)
    expect(windows).toEqual([2])
  })

  it('lingers no longer for the others if several shared it', async () => {
    const { bank, other, windows } = await openWatched({ followUpMicrotasks: 20 })
    await Promise.all([rows(bank, SUM), rows(bank, SUM)])
    for (let n = 0; n < 10; n++) await Promise.resolve()
    await rows(bank, SUM)
    for (let n = 0; n < 12; n++) await Promise.resolve()
    expect(isLocked(other)).toBe(false)
    expect(windows).toEqual([3])
  })

  it('does not linger after many rows, which take their reader long', async () => {
    const { bank, other } = await openWatched({ followUpMicrotasks: 20 })
    const many = (count: number) =>
      rows(bank, `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ${count}) SELECT i FROM n`)
    await many(1_000)
    expect(isLocked(other)).toBe(true)
    await nextTick()
    await many(1_001)
    expect(isLocked(other)).toBe(false)
  })

  it('does not linger if many operations share it, whose reader does much between two statements', async () => {
    const { bank, other, windows } = await openWatched({ followUpMicrotasks: 20 })
    const several = (count: number) => Promise.all(Array.from({ length: count }, () => rows(bank, SUM)))
    await several(32)
    expect(isLocked(other)).toBe(true)
    await nextTick()
    await several(33)
    expect(isLocked(other)).toBe(false)
    expect(windows).toEqual([32, 33])
  })

  it('lingers for no statement after one that took long, so that a writer elsewhere gets its turn', async () => {
    const clock = new ManualClock()
    const { bank, windows } = await openWatched({ followUpMicrotasks: 20, [CLOCK_FOR_TESTS]: clock })
    const run = vi.spyOn(Connection.prototype, 'run').mockImplementation(function (this: Connection, ...given) {
      clock.advance(60)
      return original.apply(this, given)
    })
    onTestFinished(() => run.mockRestore())
    for (let n = 0; n < 5; n++) await rows(bank, SUM)
    await nextTick()
    expect(windows).toEqual([2, 2, 1])
  })

  it('shows what others committed since the last one', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    const other = outsider(path)
    for (let i = 0; i < 5; i++) {
      other.exec('UPDATE account SET balance = balance + 1')
      expect(await rows(bank, SUM)).toEqual([[200n + 2n * BigInt(i + 1)]])
      await nextTick()
    }
  })

  it('is followed by another one if its reads take long together, so that a writer elsewhere gets its turn', async () => {
    const clock = new ManualClock()
    const { bank, windows } = await openWatched({ [CLOCK_FOR_TESTS]: clock })
    const run = vi.spyOn(Connection.prototype, 'run').mockImplementation(function (this: Connection, ...given) {
      clock.advance(8)
      return original.apply(this, given)
    })
    onTestFinished(() => run.mockRestore())
    await Promise.all(Array.from({ length: 7 }, () => rows(bank, SUM)))
    expect(windows).toEqual([3, 3, 1])
  })

  it('that does not open costs no connection, however many new statements ask for it', async () => {
    const { bank, other } = await openWatched({ [CLOCK_FOR_TESTS]: undefined })
    const close = vi.spyOn(Connection.prototype, 'close')
    onTestFinished(() => close.mockRestore())
    other.exec('BEGIN EXCLUSIVE')
    const add = (n: number) => bank.execute(`UPDATE account SET balance = balance + ${n} WHERE id = 1`)
    const all = Promise.all([1, 2, 3, 4, 5].flatMap((n) => [add(n), rows(bank, `SELECT ${n} FROM account`)]))
    for (let turns = 0; turns < 10; turns++) await nextTick()
    expect(close).not.toHaveBeenCalled()
    other.exec('ROLLBACK')
    await all
    expect(await rows(bank, SUM)).toEqual([[215n]])
  })

  it('waits for somebody who commits, without blocking the event loop, and then shows it', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    await rows(bank, SUM)
    await nextTick()
    const other = outsider(path)
    other.exec('BEGIN EXCLUSIVE; UPDATE account SET balance = balance + 1')
    const reading = rows(bank, SUM)
    for (let turns = 0; turns < 10; turns++) await nextTick()
    other.exec('COMMIT')
    expect(await reading).toEqual([[202n]])
  })

  it('gives up with BUSY when somebody never ends', async () => {
    const path = scratchPath()
    const bank = await openBank({ timeoutMs: 30 }, path)
    const other = outsider(path)
    other.exec('BEGIN EXCLUSIVE')
    await expect(rows(bank, SUM)).rejects.toMatchObject({
      code: 'BUSY',
      message: expect.stringContaining('stayed locked') as string,
    })
    other.exec('ROLLBACK')
    expect(await rows(bank, SUM)).toEqual([[200n]])
  })

  it('is asked for by one of all who wait for it, and then shared by them', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    await rows(bank, SUM)
    await nextTick()
    const other = outsider(path)
    other.exec('BEGIN EXCLUSIVE; UPDATE account SET balance = balance + 1')
    const exec = vi.spyOn(Connection.prototype, 'exec')
    onTestFinished(() => exec.mockRestore())
    const looks = () => exec.mock.calls.filter(([sql]) => sql.startsWith('BEGIN')).length
    // Every other one has to be asked for its kind first.
    const reading = Array.from({ length: 1_000 }, (_, n) =>
      rows(bank, n % 2 ? SUM : `SELECT sum(balance) + ${n} FROM account`),
    )
    await expect.poll(looks).toBeGreaterThan(3)
    other.exec('COMMIT')
    const seen = await Promise.all(reading)
    expect(seen.map(([row]) => row)).toEqual(seen.map((_, n) => [202n + (n % 2 ? 0n : BigInt(n))]))
    expect(looks()).toBeLessThan(500)
  })

  it('that somebody keeps shut is waited for by each read for its own time', async () => {
    const clock = new ManualClock()
    const path = scratchPath()
    const bank = await openBank({ timeoutMs: 5_000, [CLOCK_FOR_TESTS]: clock } as object, path)
    await rows(bank, SUM)
    await nextTick()
    const other = outsider(path)
    other.exec('BEGIN EXCLUSIVE; UPDATE account SET balance = balance + 1')
    const pass = async (ms: number) => {
      for (let passedMs = 0; passedMs < ms; passedMs += 25) {
        clock.advance(25)
        await nextTick()
      }
    }
    const told: string[] = []
    const read = (owner: string) => rows(bank, SUM).then(([row]) => told.push(`${owner}: ${row?.[0]}`))
    const tell = (owner: string) => (error: { code?: unknown }) => told.push(`${owner}: ${error.code}`)
    const first = [1, 2].map(() => read('first').catch(tell('first')))
    await pass(3_000)
    const second = [1, 2].map(() => read('second').catch(tell('second')))
    await pass(1_900)
    expect(told).toEqual([])
    await pass(200)
    expect(told).toEqual(['first: BUSY', 'first: BUSY'])
    await pass(2_500)
    other.exec('COMMIT')
    await pass(200)
    await Promise.all([...first, ...second])
    expect(told.slice(2)).toEqual(['second: 202', 'second: 202'])
  })

  it("does not last over this process's own commit", async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    const write = bank.execute('UPDATE account SET balance = 7')
    for (let i = 0; i < 100; i++) await rows(bank, SUM)
    await write
    expect(await rows(bank, SUM)).toEqual([[14n]])
  })
})
