import { LeaseError } from '@sqlite-efs/lease'
import { describe, expect, it } from 'vitest'
import { isTakenOverBeforeItsRenewal } from './support/leasers.js'
import { nextTick } from './support/scratch.js'
import { insert, withOneRow, writerOfFile } from './support/writer.js'

describe('the guard', () => {
  it('asks for a whole lease where half of it is left, and not before', async () => {
    const { commit, lease, begin, entries } = await withOneRow()
    let renewals = 0
    const { renew } = lease
    lease.renew = () => {
      renewals++
      lease.remainingMs = () => lease.ttlMs
      return renew()
    }
    lease.remainingMs = () => lease.ttlMs / 2 + 1
    await commit()
    expect(renewals).toBe(0)
    const next = await begin()
    insert(next, 2)
    lease.remainingMs = () => lease.ttlMs / 2
    await next.commit()
    expect(renewals).toBe(1)
    expect(entries()).toEqual([1, 2])
  })

  it.each(['a lost lease', 'a renewal without an answer', 'a renewal that comes too late'])(
    'meets %s: nothing is written, and the write lock is given back at once',
    async (what) => {
      const { commit, lease, path, events, entries, isLocked } = await withOneRow()
      if (what === 'a lost lease') {
        isTakenOverBeforeItsRenewal(lease)
        await lease.renew().catch(() => {})
        lease.remainingMs = () => lease.ttlMs
      } else {
        lease.remainingMs = () => lease.ttlMs / 2
        lease.renew = async () => {
          if (what === 'a renewal without an answer') throw new LeaseError('UNREACHABLE', 'no answer')
        }
      }
      await expect(commit()).rejects.toMatchObject({ code: 'WRITE_CONFLICT', details: { path } })
      const code = what === 'a renewal without an answer' ? 'UNREACHABLE' : 'LEASE_LOST'
      expect(events).toEqual([{ type: 'conflict', path, token: lease.token, code }])
      expect(isLocked()).toBe(false)
      expect(entries()).toEqual([])
    },
  )

  it('is asked again each time that COMMIT finds the file locked', async () => {
    const { commit, lease, other, entries, isLocked } = await withOneRow()
    other.exec('BEGIN; SELECT n FROM entry')
    const committed = commit()
    await nextTick()
    lease.remainingMs = () => 0
    lease.renew = () => Promise.reject(new LeaseError('LEASE_LOST', 'swept'))
    await expect(committed).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
    other.exec('COMMIT')
    expect(isLocked()).toBe(false)
    expect(entries()).toEqual([])
  })

  it('names the statement that took more than half of the lease, and none of an earlier transaction', async () => {
    const { turnFor, lease, clock, connection } = await writerOfFile()
    const half = lease.ttlMs / 2
    const turn = turnFor()
    for (const [ms, names] of [
      [half, false],
      [half + 1, true],
      [0, false],
    ] as const) {
      const transaction = await turn.begin()
      const { current } = connection
      const { run } = current
      current.run = (...statement) => {
        clock.advance(ms, { timers: false })
        return run.apply(current, statement)
      }
      transaction.run('SELECT n FROM entry', [], 'read')
      expect(transaction.guard.conflict(undefined).message.includes('SELECT n FROM entry')).toBe(names)
      transaction.rollback()
      connection.discard()
      await lease.renew()
    }
  })
})
