import { type Lease, LeaseError, LocalLeaser } from '@sqlite-efs/lease'
import type { QueuedAcquireOptions } from '@sqlite-efs/lease/internal'
import { describe, expect, it } from 'vitest'
import { LeaseKeeper } from '../src/write/lease-keeper.js'
import { isTakenOverBeforeItsRenewal, WatchedLeaser } from './support/leasers.js'
import { ManualClock, passUntil } from './support/manual-clock.js'
import { RecordingTracer } from './support/recording-tracer.js'
import { nextTick, scratchPath } from './support/scratch.js'

const PATIENT = () => 60_000

function tenureOnly({ owner }: { owner?: string } = {}) {
  const clock = new ManualClock()
  const line = new LocalLeaser({ clock })
  const leaser = new WatchedLeaser(line)
  const tracer = new RecordingTracer()
  const key = `database#${scratchPath()}`
  const leaseKeeper = new LeaseKeeper({ leaser, key, clock, maxHoldMs: 250, owner, tracer })
  return { clock, line, leaser, tracer, key, leaseKeeper, log: leaser.log }
}

describe('a lease that is held', () => {
  it('is given at once, again and again, for as long as it may be held', async () => {
    const { leaseKeeper, clock, log } = tenureOnly()
    expect(leaseKeeper.isAtHand).toBe(false)
    const lease = await leaseKeeper.take(PATIENT)
    clock.advance(250)
    expect(leaseKeeper.isAtHand).toBe(true)
    expect(leaseKeeper.take(PATIENT)).toBe(lease)
    expect(log).toEqual(['acquire'])
  })

  it('for longer than it may be is passed on, and the next one is waited for in the line', async () => {
    const { leaseKeeper, clock, log, line, key } = tenureOnly()
    const lease = await leaseKeeper.take(PATIENT)
    const other = line.acquire(key)
    clock.advance(251)
    expect(leaseKeeper.isAtHand).toBe(false)
    const next = leaseKeeper.take(PATIENT)
    const theirs = await passUntil(clock, other)
    expect(theirs.token).toBe(lease.token + 1)
    await theirs.release()
    const again = await passUntil(clock, Promise.resolve(next))
    expect(log).toEqual(['acquire', 'yield'])
    expect(again.token).toBe(lease.token + 2)
    expect(leaseKeeper.take(PATIENT)).toBe(again)
  })

  it('is as long as it may be from the moment in which it was had', async () => {
    const { leaseKeeper, clock } = tenureOnly()
    clock.advance(1_000)
    const lease = await leaseKeeper.take(PATIENT)
    clock.advance(250)
    expect(leaseKeeper.take(PATIENT)).toBe(lease)
    clock.advance(1)
    const next = await leaseKeeper.take(PATIENT)
    expect(next).not.toBe(lease)
    clock.advance(250)
    expect(leaseKeeper.take(PATIENT)).toBe(next)
  })

  it.each(['was lost', 'has run out'])('and %s is given back, and another one is asked for', async (what) => {
    const { leaseKeeper, log } = tenureOnly()
    const lease = await leaseKeeper.take(PATIENT)
    if (what === 'was lost') {
      isTakenOverBeforeItsRenewal(lease)
      await lease.renew().catch(() => {})
      lease.remainingMs = () => 1
    } else lease.remainingMs = () => 0
    log.length = 0
    expect(leaseKeeper.isAtHand).toBe(false)
    const next = await leaseKeeper.take(PATIENT)
    expect(next.token).toBeGreaterThan(lease.token)
    expect(log).toEqual(['release', 'acquire'])
  })
})

describe('a lease that is kept for more', () => {
  it('is given back when it was held for as long as it may be, and not before', async () => {
    const { leaseKeeper, clock, log } = tenureOnly()
    await leaseKeeper.take(PATIENT)
    clock.advance(100)
    leaseKeeper.keep()
    clock.advance(149)
    await nextTick()
    expect(log).toEqual(['acquire'])
    clock.advance(1)
    await nextTick()
    expect(log).toEqual(['acquire', 'release'])
  })

  it('stays for whom it is taken meanwhile', async () => {
    const { leaseKeeper, clock, log } = tenureOnly()
    const lease = await leaseKeeper.take(PATIENT)
    leaseKeeper.keep()
    clock.advance(240)
    expect(leaseKeeper.take(PATIENT)).toBe(lease)
    clock.advance(20)
    await nextTick()
    expect(log).toEqual(['acquire'])
  })

  it('is given back at once where it was held for too long already, and where no timer would end it', async () => {
    for (const broken of [false, true]) {
      const { leaseKeeper, clock, log } = tenureOnly()
      await leaseKeeper.take(PATIENT)
      clock.advance(broken ? 0 : 1_000)
      const { after } = clock
      if (broken) {
        clock.after = () => {
          clock.after = after
          throw new TypeError('a bug')
        }
      }
      leaseKeeper.keep()
      clock.advance(0)
      await nextTick()
      expect(log).toEqual(['acquire', 'release'])
    }
  })

  it('and was given back is not given back again by its timer, though there is another', async () => {
    const { leaseKeeper, clock, log } = tenureOnly()
    await leaseKeeper.take(PATIENT)
    leaseKeeper.keep()
    await leaseKeeper.release()
    clock.advance(200)
    await leaseKeeper.take(PATIENT)
    clock.advance(100)
    await nextTick()
    expect(log).toEqual(['acquire', 'release', 'acquire'])
  })
})

describe('the release', () => {
  it('is awaited by each who asks for it, and by who asks for the next lease', async () => {
    const { leaseKeeper, leaser, log } = tenureOnly()
    const lease = await leaseKeeper.take(PATIENT)
    let released = () => {}
    const { release } = lease
    lease.release = async () => {
      await new Promise<void>((resolve) => {
        released = resolve
      })
      await release()
    }
    const told: string[] = []
    void leaseKeeper.release().then(() => told.push('first'))
    void leaseKeeper.release().then(() => told.push('second'))
    const next = leaseKeeper.take(PATIENT)
    await nextTick()
    expect([told, log]).toEqual([[], ['acquire']])
    released()
    expect((await next).token).toBe(lease.token + 1)
    expect(told).toEqual(['first', 'second'])
    expect(leaser.log).toEqual(['acquire', 'release', 'acquire'])
  })

  it('never throws, and keeps nobody from the next lease', async () => {
    const { leaseKeeper } = tenureOnly()
    const lease = await leaseKeeper.take(PATIENT)
    const { release } = lease
    lease.release = async () => {
      await release()
      throw new LeaseError('UNREACHABLE', 'no answer')
    }
    await leaseKeeper.release()
    expect((await leaseKeeper.take(PATIENT)).token).toBe(lease.token + 1)
  })

  it('comes before the line is raised, and the next ticket is larger', async () => {
    const { leaseKeeper, log } = tenureOnly()
    await leaseKeeper.take(PATIENT)
    await leaseKeeper.raise(5_000)
    expect(log).toEqual(['acquire', 'release', 'raise'])
    expect((await leaseKeeper.take(PATIENT)).token).toBe(5_001)
  })
})

describe('who waits for the lease', () => {
  it('is told why at any time, and nothing before and after, nor where the leaser can not tell', async () => {
    const { leaseKeeper, leaser, line, key } = tenureOnly({ owner: 'me' })
    expect(leaseKeeper.whyNotYet()).toBeUndefined()
    let asked: QueuedAcquireOptions | undefined
    let give = (_: Lease) => {}
    leaser.acquire = async (_, options) => {
      asked = options as QueuedAcquireOptions
      return new Promise((resolve) => {
        give = resolve
      })
    }
    const taken = leaseKeeper.take(PATIENT)
    await nextTick()
    expect(asked).toMatchObject({ owner: 'me', timeoutMs: 60_000, remainingMs: PATIENT })
    const why = new LeaseError('LEASE_TIMEOUT', 'not yet')
    asked?.onWait?.(() => why)
    expect(leaseKeeper.whyNotYet()).toBe(why)
    asked?.onWait?.(() => {
      throw new TypeError('a bug')
    })
    expect(leaseKeeper.whyNotYet()).toBeUndefined()
    asked?.onWait?.(() => why)
    give(await line.acquire(key))
    await taken
    expect(leaseKeeper.whyNotYet()).toBeUndefined()
  })
})

describe('the span', () => {
  it('of a lease has its ticket and who waits, and is under who asked for it, as that of its release', async () => {
    const { leaseKeeper, tracer } = tenureOnly()
    const lease = await tracer.as('alice', async () => leaseKeeper.take(PATIENT, tracer.current()))
    await leaseKeeper.release()
    const token = { 'sqlite_efs.token': lease.token }
    expect(tracer.spans).toEqual([
      { name: 'lease.acquire', parent: 'alice', links: [], attributes: { ...token, 'sqlite_efs.waiting': 0 } },
      { name: 'lease.release', parent: 'alice', links: [], attributes: token },
    ])
  })

  it('of one that did not come has the place in line, where that is known', async () => {
    for (const error of [
      new LeaseError('LEASE_TIMEOUT', 'not yet', { position: 3 }),
      new LeaseError('LEASE_TIMEOUT', 'not yet'),
      new TypeError('a bug'),
    ]) {
      const { leaseKeeper, tracer, leaser } = tenureOnly()
      leaser.acquire = () => Promise.reject(error)
      const taken = tracer.as('alice', async () => leaseKeeper.take(PATIENT, tracer.current()))
      await expect(taken).rejects.toBe(error)
      const position = error instanceof LeaseError ? error.details.position : undefined
      expect(tracer.spans[0]?.attributes).toEqual(position === undefined ? {} : { 'sqlite_efs.position': position })
    }
  })
})
