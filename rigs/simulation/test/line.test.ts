import type { Lease, LeaseError } from '@sqlite-efs/lease'
import type { QueuedAcquireOptions } from '@sqlite-efs/lease/internal'
import { seeded } from '@sqlite-efs/toolkit/random'
import { describe, expect, test } from 'vitest'
import { Machine } from '../src/world/machine.js'
import { World } from '../src/world/world.js'

const KEY = 'database#/mnt/efs/app.db'

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: LeaseError) => error.code,
  )

const lineOf = async (world: World) => (await world.store.look(KEY, { consistent: true })).item?.contenders ?? []

/** A holder and one who waits behind it. */
async function heldLine(options: Partial<QueuedAcquireOptions> = {}) {
  const world = new World()
  const [a, b] = [new Machine(world), new Machine(world)]
  const lease = await world.run(a.leaser().acquire(KEY, { owner: 'a' }))
  const waiting = b.leaser().acquire(KEY, { owner: 'b', timeoutMs: 60_000, ...options })
  const outcome = codeOf(waiting)
  await world.pass(50)
  expect(await lineOf(world)).toHaveLength(2)
  return { world, a, b, lease, waiting, outcome }
}

describe('time', () => {
  test('a waiter says that it is alive until its own deadline, or for as long as a short hold takes, not longer', async () => {
    for (const [timeoutMs, aliveMs] of [
      [4000, 4000],
      [1000, 3600],
    ] as const) {
      const { world } = await heldLine({ timeoutMs })
      const [, b] = await lineOf(world)
      expect(b?.aliveUntilMs).toBe(1_800_000_000_000 + 4 + aliveMs)
    }
  })

  test('no longer than its own deadline where its process has just seen others in the line, until it is alone again', async () => {
    const { world, b, lease, waiting } = await heldLine({ timeoutMs: 1000 })
    const again = b.leaser()
    const aliveMs = async (timeoutMs: number) => {
      const sentMs = world.nowMs
      const outcome = codeOf(again.acquire(KEY, { timeoutMs }))
      await world.pass(20)
      const line = await lineOf(world)
      const ms = (line.at(-1)?.aliveUntilMs ?? 0) - sentMs
      await world.run(outcome)
      await world.pass(20)
      return ms
    }
    await world.run(codeOf(waiting))
    expect(await aliveMs(100)).toBe(3600)
    expect(await aliveMs(100)).toBe(100)
    await world.run(lease.release())
    await world.run((await world.run(again.acquire(KEY, { timeoutMs: 1000 }))).release())
    await world.run((await world.run(again.acquire(KEY, { timeoutMs: 1000 }))).release())
    expect(world.requests.slice(-2)).toEqual(['join', 'leave'])
  })

  test('nor does it when it renews', async () => {
    const { world } = await heldLine()
    void codeOf(new Machine(world).leaser().acquire(KEY, { timeoutMs: 8000 }))
    await world.pass(7900)
    const [, , c] = await lineOf(world)
    expect(c?.aliveUntilMs).toBeGreaterThan(1_800_000_000_000 + 7000)
    expect(c?.aliveUntilMs).toBeLessThanOrEqual(1_800_000_000_000 + 50 + 4 + 8000)
  })

  test('who is next has what a holder needs while somebody else holds it, and its turn waits for no renewal', async () => {
    const { world, lease, waiting } = await heldLine({ timeoutMs: 5000 })
    await world.pass(2600)
    const [, b] = await lineOf(world)
    expect(b?.aliveUntilMs).toBeGreaterThan(world.nowMs + 5500)
    await world.pass(800)
    world.requests.length = 0
    await world.run(lease.release())
    const next = await world.run(waiting)
    expect(new Set(world.requests)).toEqual(new Set(['leave', 'look']))
    expect(next.remainingMs()).toBeGreaterThan(5000)
  })

  test.each([
    [4000, 'it would have waited', 4000],
    [1000, 'a short hold takes', 3600],
  ])('who dies in line, with a patience of %i ms, holds it up no longer than %s', async (timeoutMs, _, aliveMs) => {
    const { world, b, lease } = await heldLine({ timeoutMs })
    const joinedMs = world.nowMs
    b.kill()
    const next = new Machine(world).leaser().acquire(KEY)
    await world.pass(20)
    await world.run(lease.release())
    await world.run(next)
    expect(world.nowMs - joinedMs).toBeLessThan(aliveMs + 500 + 50)
  })

  test('who dies as the next one holds the line up no longer than a holder would', async () => {
    const { world, b, lease } = await heldLine({ timeoutMs: 5000 })
    await world.pass(2600)
    b.kill()
    const killedMs = world.nowMs
    const third = new Machine(world).leaser().acquire(KEY, { timeoutMs: 60_000 })
    await world.pass(20)
    await world.run(lease.release())
    await world.run(third)
    expect(world.nowMs - killedMs).toBeLessThan(6000 + 500 + 50)
  })

  test('a zombie, frozen beyond its deadline, leaves instead of taking its turn', async () => {
    const { world, b, lease, outcome } = await heldLine({ timeoutMs: 1000 })
    b.freeze()
    await world.run(lease.release())
    await world.pass(5000)
    b.thaw()
    expect(await world.run(outcome)).toBe('LEASE_TIMEOUT')
    await world.pass(100)
    expect(await lineOf(world)).toEqual([])
    expect(b.events.map(({ type }) => type)).not.toContain('acquired')
  })

  test('a turn that comes when the caller has just given up is not taken', async () => {
    let remainingMs = 10_000
    const { world, b, lease, outcome } = await heldLine({ remainingMs: () => remainingMs })
    world.fate = (operation) => (operation === 'look' ? { answerMs: 400 } : {})
    await world.run(lease.release())
    await world.pass(50)
    remainingMs = 0
    expect(await world.run(outcome)).toBe('LEASE_TIMEOUT')
    await world.pass(100)
    expect(b.events.map(({ type }) => type)).not.toContain('acquired')
    expect(await lineOf(world)).toEqual([])
  })

  test('a wait ends at its deadline, however far back it is and however rarely it looks', async () => {
    const world = new World()
    for (let i = 0; i < 80; i++) {
      await world.store.join(KEY, { id: `${i}`, owner: 'x', aliveUntilMs: world.nowMs + 60_000 })
    }
    const startMs = world.nowMs
    const outcome = codeOf(new Machine(world).leaser().acquire(KEY, { timeoutMs: 1234 }))
    expect(await world.run(outcome)).toBe('LEASE_TIMEOUT')
    expect(world.nowMs - startMs).toBeLessThan(1234 + 10)
  })

  test('a waiter that was frozen for long and swept joins again under a new ticket', async () => {
    const { world, b, lease, waiting } = await heldLine({ remainingMs: () => 10_000 })
    b.freeze()
    await world.run(lease.release())
    const third = await world.run(new Machine(world).leaser().acquire(KEY, { timeoutMs: 10_000 }))
    expect(third.token).toBe(3)
    b.thaw()
    await world.pass(100)
    await world.run(third.release())
    expect((await world.run(waiting)).token).toBe(4)
  })

  test('a waiter that was frozen beyond its time, but not swept, proves it is still in line before it goes on', async () => {
    const { world, b, lease, waiting } = await heldLine({ remainingMs: () => 10_000 })
    b.freeze()
    await world.run(lease.release())
    await world.pass(8000)
    world.requests.length = 0
    b.thaw()
    const next = await world.run(waiting)
    expect(next.token).toBe(2)
    expect(world.requests).toContain('renew')
    expect(next.remainingMs()).toBeGreaterThan(5000)
  })

  test('a holder counts a freeze, during which its monotonic clock stood still', async () => {
    const world = new World()
    const machine = new Machine(world)
    const lease = await world.run(machine.leaser().acquire(KEY))
    machine.freeze()
    await world.pass(5000)
    machine.thaw()
    expect(lease.remainingMs()).toBeLessThan(1000)
  })

  test('a holder counts on when its wall clock is set back', async () => {
    const world = new World()
    const machine = new Machine(world)
    const lease = await world.run(machine.leaser().acquire(KEY, { timeoutMs: 60_000 }))
    machine.skewMs = -400
    await world.pass(100)
    expect(lease.remainingMs()).toBeLessThanOrEqual(6000 - 100)
    await world.run(lease.renew())
    expect(lease.remainingMs()).toBeLessThanOrEqual(6000)
    expect(lease.signal.aborted).toBe(false)
  })

  test('a lease ends before anybody with a permitted clock may sweep it', async () => {
    const world = new World()
    const [slow, fast] = [new Machine(world, { skewMs: -250 }), new Machine(world, { skewMs: 250 })]
    const lease = await world.run(slow.leaser().acquire(KEY))
    world.fate = (_, machine) => (machine === slow ? { lost: 'request' } : {})
    const next = fast.leaser().acquire(KEY, { timeoutMs: 60_000 })
    await world.run(next)
    expect(lease.remainingMs()).toBe(0)
  })

  test('a join counts from its first try, which was the one that was applied', async () => {
    const world = new World()
    let joins = 0
    world.fate = (operation) => (operation === 'join' && joins++ === 0 ? { lost: 'answer' } : {})
    const startMs = world.nowMs
    const lease = await world.run(new Machine(world).leaser().acquire(KEY, { timeoutMs: 60_000 }))
    expect(world.nowMs - startMs).toBeGreaterThanOrEqual(1000)
    expect(lease.remainingMs()).toBeLessThanOrEqual(6000 - (world.nowMs - startMs))
    const [entry] = await lineOf(world)
    expect(entry?.aliveUntilMs).toBe(startMs + 6000)
  })

  test('a renewal counts from before it was sent', async () => {
    const world = new World()
    const lease = await world.run(new Machine(world).leaser().acquire(KEY))
    world.fate = () => ({ requestMs: 300, answerMs: 300 })
    await world.run(lease.renew())
    expect(lease.remainingMs()).toBeLessThanOrEqual(5400)
  })

  test('a contender that claims to live absurdly long is swept, after it was watched for a whole ttl', async () => {
    const world = new World()
    await world.store.join(KEY, { id: 'faraway2', owner: 'x', aliveUntilMs: world.nowMs + 10 * 365 * 86_400_000 })
    const startMs = world.nowMs
    const lease = await world.run(new Machine(world).leaser().acquire(KEY, { timeoutMs: 60_000 }))
    expect(lease.token).toBe(2)
    expect(world.nowMs - startMs).toBeGreaterThan(6000)
    expect(world.nowMs - startMs).toBeLessThan(6100)
  })

  test('an absurd claim that changes meanwhile is a living one', async () => {
    const world = new World()
    const far = world.nowMs + 10 * 365 * 86_400_000
    await world.store.join(KEY, { id: 'faraway2', owner: 'x', aliveUntilMs: far })
    const outcome = codeOf(new Machine(world).leaser().acquire(KEY, { timeoutMs: 12_000 }))
    for (let i = 1; i <= 3; i++) {
      await world.pass(4000)
      await world.store.renew(KEY, 'faraway2', 1, far + i)
    }
    expect(await world.run(outcome)).toBe('LEASE_TIMEOUT')
    expect(world.requests).not.toContain('sweep')
  })

  test('the longest lease there is, an hour, is not taken for an absurd one', async () => {
    const world = new World()
    await world.run(
      new Machine(world, { skewMs: 500 }).leaser().acquire(KEY, { ttlMs: 3_600_000, timeoutMs: 3_600_000 }),
    )
    const outcome = codeOf(new Machine(world).leaser().acquire(KEY, { timeoutMs: 20_000 }))
    expect(await world.run(outcome)).toBe('LEASE_TIMEOUT')
    expect(world.requests).not.toContain('sweep')
  })
})

describe('sweeping', () => {
  test('only the head is swept, however dead the others are', async () => {
    const { world, b, lease } = await heldLine()
    b.kill()
    const c = new Machine(world)
    const third = c.leaser().acquire(KEY, { timeoutMs: 60_000 })
    await world.pass(10_000)
    expect(await lineOf(world)).toHaveLength(3)
    expect(world.requests).not.toContain('sweep')
    await world.run(lease.release())
    expect((await world.run(third)).token).toBe(3)
    expect(c.events).toContainEqual({ type: 'swept', key: KEY, ticket: 2, owner: 'b' })
  })

  test('the dead are swept at the first look, one after the other', async () => {
    const world = new World()
    for (const id of ['aaaaaaaa', 'bbbbbbbb', 'cccccccc']) {
      await world.store.join(KEY, { id, owner: id, aliveUntilMs: world.nowMs - 501 })
    }
    const lease = await world.run(new Machine(world).leaser().acquire(KEY))
    expect(lease.token).toBe(4)
    expect(world.requests).toEqual(['join', 'sweep', 'sweep', 'sweep'])
  })

  test('nobody is swept before maxClockSkewMs has passed too', async () => {
    const world = new World()
    await world.store.join(KEY, { id: 'aaaaaaaa', owner: 'a', aliveUntilMs: world.nowMs - 400 })
    const startMs = world.nowMs
    await world.run(new Machine(world).leaser().acquire(KEY))
    expect(world.nowMs - startMs).toBeGreaterThan(100)
  })

  test('a stale view of a holder that renewed does not sweep it', async () => {
    const { world, b, lease, outcome } = await heldLine({ timeoutMs: 12_000 })
    world.fate = (operation) => (operation === 'look' ? { staleMs: 7000 } : {})
    expect(await world.run(outcome)).toBe('LEASE_TIMEOUT')
    expect(world.requests).toContain('sweep')
    expect(b.events.map(({ type }) => type)).not.toContain('swept')
    expect(lease.remainingMs()).toBeGreaterThan(0)
    expect(await lineOf(world)).toMatchObject([{ owner: 'a' }])
  })

  test("a stale look without one's own entry proves nothing", async () => {
    const { world, lease, waiting } = await heldLine()
    world.fate = (operation) => (operation === 'look' ? { staleMs: 60_000 } : {})
    await world.pass(100)
    await world.run(lease.release())
    expect((await world.run(waiting)).token).toBe(2)
    expect(world.requests.filter((operation) => operation === 'join')).toHaveLength(2)
  })
})

describe('late and repeated messages', () => {
  test('a renewal that arrives late does not shorten what a newer one lengthened', async () => {
    const world = new World()
    const lease = await world.run(new Machine(world).leaser().acquire(KEY))
    let renewals = 0
    world.fate = (operation) => (operation === 'renew' && renewals++ === 0 ? { requestMs: 4000 } : {})
    void codeOf(lease.renew())
    let aliveUntilMs = 0
    for (let passedMs = 0; passedMs < 10_000; passedMs += 100) {
      await world.pass(100)
      const [entry] = await lineOf(world)
      expect(entry?.aliveUntilMs).toBeGreaterThanOrEqual(aliveUntilMs)
      aliveUntilMs = entry?.aliveUntilMs ?? 0
    }
    expect(renewals).toBeGreaterThan(2)
    expect(lease.signal.aborted).toBe(false)
  })

  test('a join that lands after its owner left is a ghost, and gone after its time', async () => {
    const world = new World()
    world.fate = (operation) => (operation === 'join' ? { duplicateAfterMs: 100 } : {})
    const startMs = world.nowMs
    const lease = await world.run(new Machine(world).leaser().acquire(KEY))
    await world.run(lease.release())
    await world.pass(200)
    expect(await lineOf(world)).toHaveLength(1)
    world.fate = () => ({})
    const next = await world.run(new Machine(world).leaser().acquire(KEY, { timeoutMs: 60_000 }))
    expect(next.token).toBe(3)
    expect(world.nowMs - startMs).toBeLessThan(6000 + 2 * 500)
  })

  test('a yield that lands after both places were left changes nothing', async () => {
    const world = new World()
    const machine = new Machine(world)
    const lease = await world.run(machine.leaser().acquire(KEY))
    world.fate = (operation) => (operation === 'yield' ? { requestMs: 3000 } : {})
    // The request had no time to fail.
    expect(await world.run(codeOf(lease.yield({ timeoutMs: 500 })))).toBe('LEASE_TIMEOUT')
    await world.pass(10_000)
    expect(await lineOf(world)).toEqual([])
  })

  test('a release right after a short grant leaves nothing behind', async () => {
    const world = new World()
    world.fate = (operation) => ({ requestMs: { join: 800, renew: 500 }[operation as string] ?? 2 })
    const lease = await world.run(new Machine(world).leaser().acquire(KEY, { timeoutMs: 1900 }))
    await world.run(lease.release())
    await world.pass(1000)
    expect(world.requests).toEqual(['join', 'renew', 'leave'])
    expect(await lineOf(world)).toEqual([])
  })
})

describe('the holder', () => {
  test('of a short wait asks for nothing more, if it holds for no longer than a short transaction takes', async () => {
    const world = new World()
    const lease = await world.run(new Machine(world).leaser().acquire(KEY, { timeoutMs: 1900 }))
    await world.pass(500)
    expect(lease.remainingMs()).toBeGreaterThan(lease.ttlMs / 2)
    await world.run(lease.release())
    expect(world.requests).toEqual(['join', 'leave'])
  })

  test('with less than half of a ttl granted it renews at once, and the caller does not wait for that', async () => {
    const world = new World()
    const machine = new Machine(world)
    const startMs = world.nowMs
    world.fate = (operation) => (operation === 'join' ? { requestMs: 800 } : {})
    const lease = await world.run(machine.leaser().acquire(KEY, { timeoutMs: 1900 }))
    expect(world.nowMs - startMs).toBeLessThan(810)
    await world.pass(4)
    expect(lease.remainingMs()).toBeGreaterThan(5900)
    expect(world.requests).toEqual(['join', 'renew'])
  })

  test('who comes to the head with little left renews before it is the holder', async () => {
    const giveUp = new AbortController()
    const { world, lease } = await heldLine({ signal: giveUp.signal })
    const waiting = new Machine(world).leaser().acquire(KEY, { timeoutMs: 2000 })
    await world.pass(1900)
    giveUp.abort()
    await world.run(lease.release())
    const next = await world.run(waiting)
    expect(next.remainingMs()).toBeGreaterThan(5900)
  })

  test('without an answer a renewal is told in time, and goes on in the background', async () => {
    const world = new World()
    const lease = await world.run(new Machine(world).leaser().acquire(KEY))
    world.fate = () => ({ lost: 'answer' })
    expect(await world.run(codeOf(lease.renew()))).toBe('UNREACHABLE')
    expect(lease.signal.aborted).toBe(false)
    world.fate = () => ({})
    await world.pass(1500)
    expect(lease.remainingMs()).toBeGreaterThan(4000)
  })

  test('without an answer until the end the lease is lost, on time', async () => {
    const world = new World()
    const machine = new Machine(world)
    const lease = await world.run(machine.leaser().acquire(KEY))
    world.fate = () => ({ lost: 'request' })
    await world.pass(6000)
    expect(lease.remainingMs()).toBe(0)
    await world.pass(10)
    expect(lease.signal.aborted).toBe(true)
    expect((lease.signal.reason as LeaseError).code).toBe('LEASE_LOST')
    await world.run(lease.release())
    expect(machine.events.map(({ type }) => type)).toEqual(['acquired', 'unanswered', 'lost'])
  })

  test('a leave that is never answered is repeated until any waiter may sweep the entry, and then no more', async () => {
    const world = new World()
    const lease = await world.run(new Machine(world).leaser().acquire(KEY))
    world.fate = () => ({ lost: 'request' })
    const [entry] = await lineOf(world)
    expect(await world.run(codeOf(lease.release()))).toBe('UNREACHABLE')
    const deadMs = (entry?.aliveUntilMs ?? 0) + 500
    world.requests.length = 0
    await world.pass(deadMs - world.nowMs)
    expect(world.requests.length).toBeGreaterThan(1)
    // The attempt that is under way, and a pause.
    await world.pass(1000 + 1000)
    world.requests.length = 0
    await world.pass(60_000)
    expect(world.requests).toEqual([])
  })

  test('nor is that of a join that was never answered, or of an old place that a yield gave up', async () => {
    const world = new World()
    const lease = await world.run(new Machine(world).leaser().acquire(KEY))
    world.fate = () => ({ lost: 'request' })
    const join = codeOf(new Machine(world).leaser().acquire(KEY, { timeoutMs: 1500 }))
    const again = codeOf(lease.yield({ timeoutMs: 1500 }))
    expect(await world.run(Promise.all([join, again]))).toEqual(['UNREACHABLE', 'UNREACHABLE'])
    // Both places, one after the other.
    await world.pass(2 * (6000 + 500 + 1000 + 1000))
    expect(world.requests).toContain('leave')
    world.requests.length = 0
    await world.pass(60_000)
    expect(world.requests).toEqual([])
  })

  describe('whose time has run out', () => {
    const late = async (forMs: number, how: 'frozen' | 'busy' = 'frozen') => {
      const world = new World()
      const machine = new Machine(world)
      const lease = await world.run(machine.leaser().acquire(KEY))
      if (how === 'frozen') machine.freeze()
      else machine.block(forMs)
      await world.pass(forMs - 1)
      return { world, machine, lease }
    }

    test.each(['frozen', 'busy'] as const)(
      'while it was %s asks before it gives up, and holds the lease as before where no other process took it',
      async (how) => {
        const { world, machine, lease } = await late(60_000, how)
        world.requests.length = 0
        machine.thaw()
        expect(lease.remainingMs()).toBe(0)
        await world.pass(20)
        expect(lease.signal.aborted).toBe(false)
        expect(lease.remainingMs()).toBeGreaterThan(5900)
        expect(world.requests).toEqual(['renew'])
        expect((await lineOf(world)).map(({ ticket }) => ticket)).toEqual([lease.token])
      },
    )

    test('has nothing left of it until the renewal is accepted', async () => {
      const { world, machine, lease } = await late(7000)
      world.fate = () => ({ answerMs: 500 })
      machine.thaw()
      const renewed = codeOf(lease.renew())
      for (let ms = 0; ms < 500; ms += 50) {
        expect(lease.remainingMs()).toBe(0)
        await world.pass(50)
      }
      expect(await world.run(renewed)).toBe('no error')
      expect(lease.remainingMs()).toBeGreaterThan(5000)
    })

    test('has lost it where another process had it meanwhile, also if that has given it back', async () => {
      const { world, a, lease, waiting } = await heldLine()
      a.freeze()
      await world.run((await world.run(waiting)).release())
      expect(await lineOf(world)).toEqual([])
      a.thaw()
      expect(await world.run(codeOf(lease.renew()))).toBe('LEASE_LOST')
    })

    test('has lost it where no answer comes within two request timeouts', async () => {
      const { world, machine, lease } = await late(7000)
      world.fate = () => ({ lost: 'request' })
      machine.thaw()
      await world.pass(1900)
      expect(lease.signal.aborted).toBe(false)
      await world.pass(200)
      expect(lease.signal.aborted).toBe(true)
      await world.run(lease.release())
    })

    test('asks again where it was frozen once more before the answer was read', async () => {
      const { world, machine, lease } = await late(7000)
      machine.thaw()
      await world.pass(2)
      machine.freeze()
      await world.pass(20_000)
      machine.thaw({ timersFirst: true })
      await world.pass(20)
      expect(lease.signal.aborted).toBe(false)
      expect(lease.remainingMs()).toBeGreaterThan(5900)
    })

    test('in the middle of a renewal whose answer it could not read asks again', async () => {
      const world = new World()
      const machine = new Machine(world)
      const lease = await world.run(machine.leaser().acquire(KEY))
      world.requests.length = 0
      while (!world.requests.includes('renew')) await world.pass(1)
      machine.block(9000)
      await world.pass(9020)
      expect(lease.signal.aborted).toBe(false)
      expect(lease.remainingMs()).toBeGreaterThan(5900)
    })
  })

  test('a lease that is lost keeps its place until its owner lets go: something may be under way under it', async () => {
    const world = new World()
    const machine = new Machine(world)
    const lease = await world.run(machine.leaser().acquire(KEY, { timeoutMs: 60_000 }))
    machine.skewMs = -60_000
    expect(await world.run(codeOf(lease.renew()))).toBe('LEASE_LOST')
    await world.pass(2000)
    expect(await lineOf(world)).toHaveLength(1)
    await world.run(lease.release())
    expect(await lineOf(world)).toEqual([])
  })

  test('a lost lease that is yielded leaves the line, and joins it again', async () => {
    const world = new World()
    const machine = new Machine(world)
    const lease = await world.run(machine.leaser().acquire(KEY, { timeoutMs: 60_000 }))
    machine.skewMs = -60_000
    expect(await world.run(codeOf(lease.renew()))).toBe('LEASE_LOST')
    machine.skewMs = 0
    expect((await world.run(lease.yield())).token).toBe(2)
    await world.pass(100)
    expect(await lineOf(world)).toHaveLength(1)
  })

  test('an item that was deleted is a lost lease', async () => {
    const { world, lease, b } = await heldLine()
    const [a] = await lineOf(world)
    await world.store.leave(KEY, a?.id ?? '')
    expect(await world.run(codeOf(lease.renew()))).toBe('LEASE_LOST')
    await world.pass(50)
    expect(b.events.map(({ type }) => type)).toContain('acquired')
  })

  test('after a freeze that was too long the error names the freeze', async () => {
    const { world, a, lease, outcome } = await heldLine()
    a.freeze()
    await world.pass(7000)
    a.thaw()
    await world.pass(20)
    expect((lease.signal.reason as LeaseError).message).toMatch(/gone from the line.*frozen for 7000 ms/)
    expect(await world.run(outcome)).toBe('no error')
  })

  test('after a thread that was busy for too long the error says for how long, and which option to raise', async () => {
    const { world, a, lease } = await heldLine()
    a.block(9000)
    await world.pass(9100)
    expect((lease.signal.reason as LeaseError).message).toMatch(
      /gone from the line.*thread was busy.*7\d\d\d ms too late: raise ttlMs/,
    )
  })
})

describe('waiting', () => {
  test.each([
    { contenders: 8, holdMs: 5, servedPerSecond: 50, looksEach: 6 },
    { contenders: 20, holdMs: 40, servedPerSecond: 19, looksEach: 14 },
    { contenders: 100, holdMs: 40, servedPerSecond: 19, looksEach: 24 },
  ])('a line of $contenders, $holdMs ms each, is served without a pause, and with few looks', async (load) => {
    const world = new World()
    const random = seeded(7)
    world.fate = () => ({ requestMs: 1.5 + random() * 2, answerMs: 1.5 + random() * 2 })
    let served = 0
    const live = async () => {
      const leaser = new Machine(world).leaser({ timeoutMs: 60_000 })
      for (;;) {
        const lease = await leaser.acquire(KEY)
        await new Promise<void>((resolve) => world.after(load.holdMs, resolve))
        await lease.release()
        served++
      }
    }
    for (let i = 0; i < load.contenders; i++) void live()
    await world.pass(10_000)
    expect(served / 10).toBeGreaterThan(load.servedPerSecond)
    const looks = world.requests.filter((operation) => operation === 'look').length
    expect(looks / served).toBeLessThan(load.looksEach)
  })

  test('with nobody to answer, and a caller that never tires, the wait ends after a ttl', async () => {
    const world = new World()
    world.fate = () => ({ lost: 'request' })
    const startMs = world.nowMs
    const tireless: QueuedAcquireOptions = { remainingMs: () => 1000 }
    const outcome = codeOf(new Machine(world).leaser().acquire(KEY, tireless))
    expect(await world.run(outcome)).toBe('UNREACHABLE')
    expect(world.nowMs - startMs).toBeGreaterThanOrEqual(6000)
    // One more request, and the pause before it.
    expect(world.nowMs - startMs).toBeLessThan(6000 + 1000 + 1000)
  })

  test('the machine behind does not wait for a dead one in front of it to be polite', async () => {
    const { world, a, waiting } = await heldLine()
    a.kill()
    const lease: Lease = await world.run(waiting)
    expect(lease.token).toBe(2)
    expect(world.nowMs - 1_800_000_000_000).toBeLessThan(6000 + 500 + 100)
  })
})
