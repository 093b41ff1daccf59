import { describe, expect, it } from 'vitest'
import { insert, sqliteError, withOneRow, writerOfFile } from './support/writer.js'

const IOERR = 10

describe('the connection that writes', () => {
  it('is not open before it is needed: there is no transaction, and nothing to end', async () => {
    const { connection } = await writerOfFile()
    connection.rollback()
    connection.committed()
    expect([connection.isOpen, connection.inTransaction, connection.isDoubtful]).toEqual([false, false, false])
    expect(() => connection.current).toThrow(expect.objectContaining({ code: 'TRANSACTION_CLOSED' }))
  })

  it('goes with a transaction that can not be rolled back', async () => {
    const { transaction, connection, onNext, isLocked, entries } = await withOneRow()
    onNext('ROLLBACK', () => {
      throw sqliteError(IOERR)
    })
    transaction.rollback()
    expect(connection.isOpen).toBe(false)
    expect(isLocked()).toBe(false)
    expect(entries()).toEqual([])
  })

  it.each(['commit', 'rollback'] as const)(
    'from before a freeze goes with its transaction, at its %s, and no later one does',
    async (end) => {
      const { transaction, connection, begin, thaw, opened, entries } = await withOneRow()
      thaw()
      expect(connection.inTransaction).toBe(true)
      await transaction[end]()
      expect(connection.isOpen).toBe(false)
      for (const n of [2, 3]) {
        const later = await begin()
        insert(later, n)
        await later[end]()
        expect([opened.length, connection.isOpen]).toEqual([2, true])
      }
      expect(entries()).toEqual(end === 'commit' ? [1, 2, 3] : [])
      thaw()
      expect(connection.isOpen).toBe(false)
    },
  )
})
