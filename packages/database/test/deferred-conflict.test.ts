import { describe, expect, it } from 'vitest'
import { WatchedLeaser } from './support/leasers.js'
import { outsider } from './support/outsider.js'
import { nextTick, openBank, rows, scratchPath } from './support/scratch.js'

const SUM = 'SELECT sum(balance) FROM account'
const RAISE = 'UPDATE account SET balance = balance + 1'

/** Another process's write falls between the end of the read and the write lock. */
async function overtaken() {
  const path = scratchPath()
  const leaser = new WatchedLeaser()
  const bank = await openBank({ leaser, maxHoldMs: 0 }, path)
  const other = outsider(path)
  leaser.onLease = () => {
    leaser.onLease = () => {}
    other.exec('UPDATE account SET balance = 500 WHERE id = 1')
  }
  return bank
}

describe('a deferred transaction that another process overtakes before its first write', () => {
  it('fails, and writes nothing that was computed from what it read', async () => {
    const bank = await overtaken()
    const transaction = await bank.transaction({ mode: 'deferred' })
    const [[balance]] = (await transaction.execute('SELECT balance FROM account WHERE id = 1')).rows as [[bigint]]
    const lost = transaction.execute('UPDATE account SET balance = ? WHERE id = 1', [balance - 10n])
    await expect(lost).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
    expect(await rows(bank, SUM)).toEqual([[600n]])
  })

  it('goes on where it has read nothing', async () => {
    const bank = await overtaken()
    const transaction = await bank.transaction({ mode: 'deferred' })
    await transaction.execute(RAISE)
    await transaction.commit()
    expect(await rows(bank, SUM)).toEqual([[602n]])
  })
})

describe('a deferred transaction that a write of its own process overtakes', () => {
  it('fails, and the write stays', async () => {
    const bank = await openBank()
    const transaction = await bank.transaction({ mode: 'deferred' })
    await transaction.execute(SUM)
    const write = bank.execute(RAISE)
    // The write has its turn, and waits for the read to end.
    await nextTick()
    await expect(transaction.execute(RAISE)).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
    await write
    expect(await rows(bank, SUM)).toEqual([[202n]])
  })

  it('goes on where that write changed nothing', async () => {
    const bank = await openBank()
    const transaction = await bank.transaction({ mode: 'deferred' })
    await transaction.execute(SUM)
    const write = bank.execute('UPDATE account SET balance = 0 WHERE id = 99')
    await nextTick()
    await transaction.execute(RAISE)
    await transaction.commit()
    await write
    expect(await rows(bank, SUM)).toEqual([[202n]])
  })
})
