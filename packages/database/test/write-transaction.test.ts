import { describe, expect, it } from 'vitest'
import { insert, writerOfFile } from './support/writer.js'

describe('a transaction that has begun', () => {
  it('looks for its journal before the first write, once, and reports one that it had to put back', async () => {
    const { begin, lease, path, faults, events, keptJournals } = await writerOfFile()
    faults.isJournalGone = true
    const transaction = await begin()
    expect(keptJournals()).toBe(1)
    insert(transaction, 1)
    insert(transaction, 2)
    expect(keptJournals()).toBe(1)
    expect(events).toEqual([{ type: 'journal-restored', path, token: lease.token }])
    transaction.rollback()
  })

  it('and may only read looks for its journal when it writes after all, and reports none that was there', async () => {
    const { begin, events, keptJournals } = await writerOfFile()
    const transaction = await begin({ mayOnlyRead: true })
    transaction.run('SELECT n FROM entry', [], 'read')
    expect(keptJournals()).toBe(0)
    insert(transaction, 1)
    insert(transaction, 2)
    expect(keptJournals()).toBe(1)
    expect(events).toEqual([])
    transaction.rollback()
  })
})

describe('a statement', () => {
  it('that ends its transaction is refused', async () => {
    const { begin } = await writerOfFile()
    const transaction = await begin()
    expect(() => transaction.run('ROLLBACK', [], 'write')).toThrow(
      expect.objectContaining({ code: 'STATEMENT_REFUSED' }),
    )
  })

  it('that reads changes no rows, and one that writes says how many', async () => {
    const { begin } = await writerOfFile()
    const transaction = await begin()
    expect(insert(transaction, 1)).toMatchObject({ changes: 1 })
    expect(transaction.run('SELECT n FROM entry', [], 'read')).toMatchObject({ rows: [[1n]], changes: 0 })
    transaction.rollback()
  })

  it('whose connection was thrown away is refused, and nothing is open', async () => {
    const { begin, connection } = await writerOfFile()
    const transaction = await begin({ mayOnlyRead: true })
    connection.discard()
    expect(() => insert(transaction, 1)).toThrow(expect.objectContaining({ code: 'TRANSACTION_CLOSED' }))
    expect([transaction.hasChanges, transaction.isOpen, transaction.isDoubtful]).toEqual([false, false, false])
    // There is nothing to end.
    transaction.rollback()
  })
})
