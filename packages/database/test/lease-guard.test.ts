import { LeaseError, LocalLeaser } from '@sqlite-efs/lease'
import { describe, expect, it } from 'vitest'
import { type DatabaseEvent, Listeners } from '../src/contract/events.js'
import { EventLoop } from '../src/engine/event-loop.js'
import { LeaseGuard } from '../src/write/lease-guard.js'
import { isTakenOverBeforeItsRenewal, WatchedLeaser } from './support/leasers.js'
import { ManualClock } from './support/manual-clock.js'
import { nextTick, scratchPath } from './support/scratch.js'

async function guardOnly() {
  const clock = new ManualClock()
  const leaser = new WatchedLeaser(new LocalLeaser({ clock }))
  const path = scratchPath()
  const lease = await leaser.acquire(`database#${path}`)
  const events: DatabaseEvent[] = []
  const listeners = new Listeners()
  listeners.add((event) => events.push(event))
  const guard = new LeaseGuard({ path, eventLoop: new EventLoop(clock), listeners }, lease)
  const lose = async () => {
    isTakenOverBeforeItsRenewal(lease)
    await lease.renew().catch(() => {})
    expect(lease.signal.aborted).toBe(true)
    // As long as it is known that it is lost, its time does not matter.
    lease.remainingMs = () => lease.ttlMs
  }
  return { clock, leaser, lease, path, events, guard, lose }
}

describe('between two statements', () => {
  it('there is nothing to wait for while more than half of the lease is left and the event loop has its ticks', async () => {
    const { guard, lease, leaser } = await guardOnly()
    lease.remainingMs = () => lease.ttlMs / 2 + 1
    expect(guard.needsPause).toBe(false)
    await guard.prepare()
    await guard.stayAlive()
    expect(leaser.log).toEqual(['acquire'])
  })

  it.each(['prepare', 'stayAlive'] as const)('the lease is renewed where half of it is left: %s', async (how) => {
    const { guard, lease, leaser } = await guardOnly()
    lease.remainingMs = () => lease.ttlMs / 2
    expect(guard.needsPause).toBe(true)
    await guard[how]()
    expect(leaser.log).toEqual(['acquire', 'renew'])
  })

  it('the event loop has a tick where it had none for more than 20 ms', async () => {
    const { guard, clock, leaser } = await guardOnly()
    let ticks = 0
    setImmediate(() => ticks++)
    for (const ms of [20, 1]) {
      expect(guard.needsPause).toBe(false)
      await guard.prepare()
      clock.advance(ms, { timers: false })
    }
    expect([guard.needsPause, ticks]).toEqual([true, 0])
    await guard.prepare()
    expect([guard.needsPause, ticks]).toEqual([false, 1])
    expect(leaser.log).toEqual(['acquire'])
  })

  it('a renewal without an answer ends nothing, as long as the lease lasts', async () => {
    const { guard, lease } = await guardOnly()
    lease.remainingMs = () => 1
    lease.renew = () => Promise.reject(new LeaseError('UNREACHABLE', 'no answer'))
    await guard.renew()
    await guard.stayAlive()
    expect(guard.isAlive).toBe(true)
  })

  it('a lease that is lost, or has run out, is a conflict', async () => {
    const [lost, over] = [await guardOnly(), await guardOnly()]
    await lost.lose()
    over.lease.remainingMs = () => 0
    for (const { guard, path, events, lease } of [lost, over]) {
      await expect(guard.stayAlive()).rejects.toMatchObject({ code: 'WRITE_CONFLICT', details: { path } })
      expect(guard.isAlive).toBe(false)
      expect(events).toEqual([{ type: 'conflict', path, token: lease.token, code: 'LEASE_LOST' }])
    }
  })
})

describe('a lease that does not last', () => {
  it.each(['needsPause', 'prepare', 'renew', 'begun'] as const)(
    'names for how long the thread was busy, where that is more than half of it: as seen by %s',
    async (look) => {
      const { guard, clock, lease } = await guardOnly()
      const half = lease.ttlMs / 2
      const see = async () => void (look === 'needsPause' ? guard.needsPause : await guard[look]())
      const options = () => guard.conflict(undefined).details
      guard.begun()
      clock.advance(half, { timers: false })
      await see()
      expect(options()).not.toHaveProperty('option')
      await nextTick()
      guard.begun()
      clock.advance(half + 1, { timers: false })
      await see()
      // A shorter time, later, hides nothing.
      await nextTick()
      for (const ms of [3, 0]) {
        await guard.prepare()
        clock.advance(ms, { timers: false })
      }
      expect(guard.conflict(undefined)).toMatchObject({
        message: expect.stringContaining(`busy for ${half + 1} ms`) as string,
        details: { option: 'lease.ttlMs' },
      })
      // What was before the tick in which a transaction begins is no cause of what happens to it.
      await nextTick()
      guard.begun()
      expect(options()).not.toHaveProperty('option')
    },
  )
})
