import { describe, expect, it } from 'vitest'
import { WatchedLeaser } from './support/leasers.js'
import { outsider } from './support/outsider.js'
import { openBank, rows, scratchPath } from './support/scratch.js'

describe('a file that stays locked though the lease is held', () => {
  const locked = async (leaser: WatchedLeaser) => {
    const path = scratchPath()
    const bank = await openBank({ leaser, timeoutMs: 60_000, transactionTimeoutMs: 1_000 }, path)
    const other = outsider(path)
    other.exec('BEGIN IMMEDIATE')
    return { bank, other }
  }

  it('may be locked by who was swept from the line last: the error names him', async () => {
    const leaser = new WatchedLeaser()
    const { bank, other } = await locked(leaser)
    leaser.inspect = async (key) => ({ key, ticket: 7, contenders: [], swept: { owner: 'i-1', ticket: 7, atMs: 0 } })
    await expect(bank.transaction()).rejects.toMatchObject({
      code: 'BUSY',
      message: expect.stringContaining('i-1 (ticket 7) at 1970-01-01T00:00:00.000Z') as string,
      details: { holder: 'i-1' },
    })
    other.exec('ROLLBACK')
  })

  it('is told without a name where the line does not answer, and the turn goes to the next', async () => {
    const leaser = new WatchedLeaser()
    const { bank, other } = await locked(leaser)
    leaser.inspect = () => new Promise(() => {})
    const transaction = bank.transaction()
    const write = bank.execute('UPDATE account SET balance = 3')
    await expect(transaction).rejects.toMatchObject({ code: 'BUSY', details: { extendedCode: 5 } })
    other.exec('ROLLBACK')
    await write
    expect(await rows(bank, 'SELECT sum(balance) FROM account')).toEqual([[6n]])
  })
})
