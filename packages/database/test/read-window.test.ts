import { describe, expect, it } from 'vitest'
import { CLOCK_FOR_TESTS } from '../src/options.js'
import { ManualClock } from './support/manual-clock.js'
import { isLocked, outsider } from './support/outsider.js'
import { nextTurn, openBank, rows, scratchPath } from './support/scratch.js'

const SUM = 'SELECT sum(balance) FROM account'

describe('a read window', () => {
  it('is shared by reads that follow one another, and closed before anything waits', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    await rows(bank, SUM)
    await nextTurn()
    const other = outsider(path)
    expect(isLocked(other)).toBe(false)
    await rows(bank, SUM)
    expect(isLocked(other)).toBe(true)
    await rows(bank, SUM)
    expect(isLocked(other)).toBe(true)
    await nextTurn()
    expect(isLocked(other)).toBe(false)
  })

  it('shows what others committed since the last one', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    const other = outsider(path)
    for (let i = 0; i < 5; i++) {
      other.exec('UPDATE account SET balance = balance + 1')
      expect(await rows(bank, SUM)).toEqual([[200n + 2n * BigInt(i + 1)]])
      await nextTurn()
    }
  })

  it('is closed after a while when it is fed all the time, so that a writer elsewhere gets its turn', async () => {
    const clock = new ManualClock()
    const path = scratchPath()
    const bank = await openBank({ [CLOCK_FOR_TESTS]: clock } as object, path)
    const other = outsider(path)
    await rows(bank, SUM)
    // Wants to commit, and waits for the window to close; nobody new may read meanwhile.
    other.exec('BEGIN IMMEDIATE; UPDATE account SET balance = balance + 1')
    expect(() => other.exec('COMMIT')).toThrow('locked')
    expect(await rows(bank, SUM)).toEqual([[200n]])
    clock.advance(1_000)
    const reading = rows(bank, SUM)
    other.exec('COMMIT')
    const timer = setInterval(() => clock.advance(1), 1)
    expect(await reading).toEqual([[202n]])
    clearInterval(timer)
  })

  it('waits for somebody who commits, without blocking the event loop, and then shows it', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    await rows(bank, SUM)
    await nextTurn()
    const other = outsider(path)
    other.exec('BEGIN EXCLUSIVE; UPDATE account SET balance = balance + 1')
    const reading = rows(bank, SUM)
    for (let turns = 0; turns < 10; turns++) await nextTurn()
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

  it("does not last over this process's own commit", async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    const write = bank.execute('UPDATE account SET balance = 7')
    for (let i = 0; i < 100; i++) await rows(bank, SUM)
    await write
    expect(await rows(bank, SUM)).toEqual([[14n]])
  })
})
