import { unlinkSync } from 'node:fs'
import { LocalLeaser } from '@sqlite-efs/lease'
import { describe, expect, it } from 'vitest'
import { type DatabaseEvent, openDatabase } from '../src/index.js'
import { WatchedLeaser } from './support/leasers.js'
import { runChild } from './support/run-child.js'
import { open, openBank, rows, scratchPath } from './support/scratch.js'

describe('onEvent hears of', () => {
  it('each commit, with its ticket and how many statements are in it, and of none that wrote nothing', async () => {
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
    expect(events).toEqual([
      { type: 'commit', path: bank.path, token, statements: 3, commitMs: expect.any(Number) as number },
    ])
  })

  it('a conflict', async () => {
    const events: string[] = []
    const leaser = new WatchedLeaser()
    const bank = await openBank({ leaser, onEvent: ({ type }) => events.push(type) })
    const transaction = await bank.transaction()
    await transaction.execute('UPDATE account SET balance = 0')
    leaser.lease!.remainingMs = () => 0
    leaser.lease!.renew = () => Promise.reject(new Error('gone'))
    await expect(transaction.commit()).rejects.toThrow('gone')
    expect(events.at(-1)).toBe('conflict')
  })

  it('a recovery, and a journal that had to be put back', async () => {
    const path = scratchPath()
    const events: string[] = []
    const bank = await openBank({ onEvent: ({ type }) => events.push(type) }, path)
    await runChild('die-in-commit.ts', [path])
    await rows(bank, 'SELECT 1 FROM account')
    expect(events.at(-1)).toBe('recovery')
    unlinkSync(`${path}-journal`)
    await (await bank.transaction()).rollback()
    expect(events.at(-1)).toBe('journal-restored')
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
    expect(heard).toEqual(['commit'])
    await other.close()
    await bank.execute('UPDATE account SET balance = 2')
    expect(heard).toEqual(['commit'])
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
