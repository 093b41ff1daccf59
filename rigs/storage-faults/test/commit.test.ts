import { describe, expect, test } from 'vitest'
import type { Fault } from '../src/index.js'
import { Sweep } from '../src/sweep/sweep.js'
import { useShim, useSweep } from './support/shim.js'

const shim = useShim()

describe.skipIf('missing' in shim)('a COMMIT', () => {
  const sweep = useSweep(shim, Sweep)

  /** Has a transaction meet the fault at the last call of its kind: the one that ends the journal, and with it the transaction. */
  async function atLastCall(fault: Fault, operation = 'transaction') {
    const { calls } = await sweep.run({ operation, warm: true, fault: { ...fault, times: 0 } })
    const result = await sweep.run({ operation, warm: true, fault: { ...fault, skip: calls - 1 } })
    expect(result.where).toContain('app.db-journal')
    expect(result.wrong).toEqual([])
    return result
  }

  const end = { kinds: ['write'], match: '-journal$' } as const

  test.each([1, 7, 8, 12, 27])(
    'whose journal could be ended by its first %i bytes only, for want of room, is not known to be undone: it is in the file',
    async (bytes) => {
      const { told, units } = await atLastCall({ ...end, bytes, times: 2, error: 'ENOSPC' })
      expect(told).toContain('COMMIT_UNKNOWN')
      expect(units).toContain('t')
    },
  )

  test('whose journal could not be ended for want of room is undone, and says so', async () => {
    const { told, units } = await atLastCall({ ...end, error: 'ENOSPC' })
    expect(told).toMatch(/DatabaseError SQLITE: database or disk is full/)
    expect(units).not.toContain('t')
  })

  test.each(['EIO', 'ESTALE', 'ETIMEDOUT'] as const)(
    'that meets %s as its journal is ended or synced is not known to be undone',
    async (error) => {
      expect((await atLastCall({ ...end, error })).told).toContain('COMMIT_UNKNOWN')
      expect((await atLastCall({ kinds: ['sync'], match: '-journal$', error })).told).toContain('COMMIT_UNKNOWN')
    },
  )

  test('that finds no room for its pages in the file is undone, and says so', async () => {
    const fault: Fault = { kinds: ['write'], match: 'app.db$', error: 'ENOSPC', skip: 2 }
    const { told, units, wrong } = await sweep.run({ operation: 'transaction', warm: true, fault })
    expect(wrong).toEqual([])
    expect(told).toMatch(/DatabaseError SQLITE: database or disk is full/)
    expect(units).not.toContain('t')
  })
})
