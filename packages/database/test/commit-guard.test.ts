import { LocalLeaser } from '@sqlite-efs/lease'
import { describe, expect, it } from 'vitest'
import { CLOCK_FOR_TESTS } from '../src/file/options.js'
import { WatchedLeaser } from './support/leasers.js'
import { ManualClock } from './support/manual-clock.js'
import { nextTick, openBank, rows } from './support/scratch.js'

const SUM = 'SELECT sum(balance) FROM account'

/** A commit that waits for a read that lasts, in this process. */
async function commitThatWaits() {
  const clock = new ManualClock()
  const line = new LocalLeaser({ clock })
  const leaser = new WatchedLeaser(line)
  const bank = await openBank({ leaser, [CLOCK_FOR_TESTS]: clock } as object)
  const reading = await bank.transaction({ mode: 'deferred' })
  await reading.execute(SUM)
  const writing = await bank.transaction()
  await writing.execute('UPDATE account SET balance = balance + 1')
  let isOver = false
  const committed = writing.commit().finally(() => {
    isOver = true
  })
  await nextTick()
  await nextTick()
  expect(isOver).toBe(false)
  leaser.log.length = 0
  return { bank, clock, line, leaser, reading, committed, key: `database#${bank.path}` }
}

describe('a commit that has waited for readers', () => {
  it('renews a lease of which less than half is left, before it writes', async () => {
    const { bank, clock, leaser, reading, committed } = await commitThatWaits()
    clock.freeze(leaser.ttlMs * 0.6)
    await reading.rollback()
    await committed
    expect(leaser.log).toContain('renew')
    expect(await rows(bank, SUM)).toEqual([[202n]])
  })

  it('writes nothing where another process has got the lease meanwhile', async () => {
    const { bank, clock, line, leaser, reading, committed, key } = await commitThatWaits()
    clock.freeze(leaser.ttlMs * 3)
    const other = await line.acquire(key, { owner: 'another process' })
    const ended = Promise.allSettled([committed])
    await reading.rollback()
    expect(await ended).toMatchObject([{ status: 'rejected', reason: { code: 'WRITE_CONFLICT' } }])
    await other.release()
    expect(await rows(bank, SUM)).toEqual([[200n]])
  })
})
