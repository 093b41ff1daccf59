import { expect, test } from 'vitest'
import type { AcquireOptions, Clock, Lease, LeaseError, LeaseEvent, Leaser, LeaserOptions } from '../src/index.js'
import type { QueuedAcquireOptions } from '../src/internal.js'
import { impatient } from './impatient.js'
import { DyingClock, WarpClock } from './warp-clock.js'

/** Makes a leaser over state that all leasers of one suite share, and whose server's clock agrees with `clock`. */
export type LeaserFactory = (options?: LeaserOptions & { clock?: Clock }) => Leaser

/** What a leaser promises beyond the rest, which all do. */
export interface Promises {
  /**
   * A line: waiters are seen and served in their order, `owner` is kept, tickets count up from 1 by 1, and who was swept is
   * remembered. Else only the holder is seen, under a name of its own.
   */
  fair: boolean
  /** After how long a holder that died may be replaced, with `ttlMs` and `maxClockSkewMs` at their defaults. */
  takeoverMs: number
}

const LINE: Promises = { fair: true, takeoverMs: 6000 + 500 }

let keys = 0
const newKey = () => `database#/mnt/efs/${++keys}.db`

const untilInLine = async (leaser: Leaser, key: string, count: number) => {
  await expect.poll(async () => (await leaser.inspect(key)).contenders.length, { interval: 2 }).toBe(count)
}

/** An acquisition that has to wait: with a leaser of its own, which tells when it has begun to. */
async function waitingLease(create: LeaserFactory, key: string, options: WaitOptions = {}): Promise<Waiting> {
  const { clock, onEvent: hear, ...more } = options
  let tell = () => {}
  const told = new Promise<void>((resolve) => {
    tell = resolve
  })
  const onEvent = (event: LeaseEvent) => {
    if (event.type === 'waiting') tell()
    hear?.(event)
  }
  const leaser = create({ onEvent, ...(clock && { clock }) })
  const lease = leaser.acquire(key, { timeoutMs: 30_000, ...more })
  await Promise.race([told, lease])
  return { leaser, lease }
}

interface WaitOptions extends AcquireOptions {
  clock?: Clock
  onEvent?: (event: LeaseEvent) => void
}

interface Waiting {
  leaser: Leaser
  lease: Promise<Lease>
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: LeaseError) => error.code,
  )

/** What every leaser promises, and a line beyond that. */
export function leaserContract(create: LeaserFactory, promises: Promises = LINE): void {
  holderContract(create, promises)
  if (promises.fair) lineContract(create)
}

function holderContract(create: LeaserFactory, { fair, takeoverMs }: Promises): void {
  test('the lease is had at once where nobody else is, and over after its release', async () => {
    const leaser = create()
    const key = newKey()
    const lease = await leaser.acquire(key, { owner: 'alice' })
    expect(lease).toMatchObject({ key, ttlMs: 6000, waiting: 0 })
    expect(lease.remainingMs()).toBeGreaterThan(3000)
    expect(lease.remainingMs()).toBeLessThanOrEqual(6000)
    expect(lease.signal.aborted).toBe(false)
    expect((await leaser.inspect(key)).contenders).toMatchObject([
      { ticket: lease.token, ...(fair && { owner: 'alice' }) },
    ])

    await lease.release()
    expect(lease.remainingMs()).toBe(0)
    expect(lease.signal.aborted).toBe(false)
    expect((await leaser.inspect(key)).contenders).toEqual([])
    expect(await codeOf(lease.renew())).toBe('LEASE_LOST')
  })

  test('an untouched key has an empty line and no tickets', async () => {
    const key = newKey()
    expect(await create().inspect(key)).toEqual({ key, ticket: 0, contenders: [] })
  })

  test('keys have nothing to do with each other', async () => {
    const leaser = create()
    const [one, two] = [await leaser.acquire(newKey()), await leaser.acquire(newKey())]
    expect([one.waiting, two.waiting]).toEqual([0, 0])
    if (fair) expect([one.token, two.token]).toEqual([1, 1])
    await Promise.all([one.release(), two.release()])
  })

  test('a wait that times out names the holder and the place in line, and leaves the line', async () => {
    const leaser = create()
    const key = newKey()
    const lease = await leaser.acquire(key, { owner: 'alice' })
    const error = await leaser.acquire(key, impatient()).catch((e: LeaseError) => e)
    const [holder] = (await leaser.inspect(key)).contenders
    expect(holder?.ticket).toBe(lease.token)
    if (fair) expect(holder?.owner).toBe('alice')
    expect(error).toMatchObject({ code: 'LEASE_TIMEOUT', details: { key, holder: holder?.owner } })
    if (fair) expect((error as LeaseError).details.position).toBe(1)
    expect((error as LeaseError).message).toContain(holder?.owner)
    expect((error as LeaseError).details.heldSinceMs).toBeTypeOf('number')
    await untilInLine(leaser, key, 1)
    await lease.release()
  })

  test('a queue is asked again at each look, and can end or lengthen the wait', async () => {
    const leaser = create()
    const key = newKey()
    const lease = await leaser.acquire(key)
    expect(await codeOf(leaser.acquire(key, impatient()))).toBe('LEASE_TIMEOUT')
    const wrong: QueuedAcquireOptions = { remainingMs: () => Number.NaN }
    expect(await codeOf(leaser.acquire(key, wrong))).toBe('CONFIGURATION')
    await untilInLine(leaser, key, 1)
    await lease.release()
  })

  test('an aborted wait ends at once and leaves no entry behind', async () => {
    const leaser = create()
    const key = newKey()
    const lease = await leaser.acquire(key)
    const controller = new AbortController()
    const { lease: wait } = await waitingLease(create, key, { signal: controller.signal })
    const outcome = wait.catch((error: LeaseError) => error)
    const { ticket } = await leaser.inspect(key)
    controller.abort(new Error('enough'))
    expect(await outcome).toMatchObject({ code: 'LEASE_ABORTED', cause: { message: 'enough' } })
    await untilInLine(leaser, key, 1)

    expect(await codeOf(leaser.acquire(key, { signal: AbortSignal.abort() }))).toBe('LEASE_ABORTED')
    expect((await leaser.inspect(key)).ticket).toBe(ticket)
    await lease.release()
  })

  test('aborting after the lease was had changes nothing', async () => {
    const leaser = create()
    const controller = new AbortController()
    const lease = await leaser.acquire(newKey(), { signal: controller.signal })
    controller.abort()
    await lease.renew()
    expect(lease.signal.aborted).toBe(false)
    await lease.release()
  })

  test('a wait without time left never enters the line', async () => {
    const leaser = create()
    const key = newKey()
    expect(await codeOf(leaser.acquire(key, { timeoutMs: 0 }))).toBe('LEASE_TIMEOUT')
    expect((await leaser.inspect(key)).ticket).toBe(0)
  })

  test('a yield with nobody waiting has the turn again at once, under a new token', async () => {
    const leaser = create()
    const lease = await leaser.acquire(newKey())
    const next = await lease.yield()
    expect(next.token).toBeGreaterThan(lease.token)
    if (fair) expect(next.token).toBe(lease.token + 1)
    expect(next.waiting).toBe(0)
    expect(lease.remainingMs()).toBe(0)
    await lease.release()
    await next.renew()
    await next.release()
  })

  test('a yield that times out leaves nothing of either place', async () => {
    const leaser = create()
    const key = newKey()
    const lease = await leaser.acquire(key)
    const { lease: bob } = await waitingLease(create, key)
    let isHad = false
    // Asked for as long as it takes the other to have its turn, and some looks longer.
    const { remainingMs } = impatient(60)
    const queued: QueuedAcquireOptions = { remainingMs: () => (isHad ? remainingMs() : 5000) }
    const again = lease.yield(queued).then(
      async (next) => {
        await next.release()
        return 'had first'
      },
      (error: LeaseError) => error.code,
    )
    const bobs = await bob
    isHad = true
    expect(fair ? ['LEASE_TIMEOUT'] : ['LEASE_TIMEOUT', 'had first']).toContain(await again)
    await untilInLine(leaser, key, 1)
    await bobs.release()
    expect(await codeOf((await leaser.acquire(key)).yield({ timeoutMs: 0 }))).toBe('LEASE_TIMEOUT')
    await untilInLine(leaser, key, 0)
  })

  test('a yield with wrong options is refused and keeps the lease', async () => {
    const lease = await create().acquire(newKey())
    expect(await codeOf(lease.yield({ ttlMs: -1 }))).toBe('CONFIGURATION')
    await lease.renew()
    await lease.release()
  })

  test('a dead holder is swept when its time is over, and the error of who waits on says so', async () => {
    const dead = new DyingClock()
    const clock = new WarpClock()
    const events: LeaseEvent[] = []
    const key = newKey()
    const lost = await create({ clock: dead }).acquire(key, { owner: 'alice' })
    dead.die()
    const [holder] = (await create().inspect(key)).contenders
    const onEvent = (event: LeaseEvent) => void events.push(event)
    const { leaser, lease: waiting } = await waitingLease(create, key, { clock, onEvent })
    clock.advance(takeoverMs + 10)
    const lease = await waiting
    expect(lease.token).toBeGreaterThan(lost.token)
    expect(events).toContainEqual({ type: 'swept', key, ticket: lost.token, owner: holder?.owner })
    if (!fair) return lease.release()
    expect((await leaser.inspect(key)).swept).toMatchObject({ owner: 'alice', ticket: lost.token })
    const error = await leaser.acquire(key, impatient()).catch((e: LeaseError) => e)
    expect(error).toMatchObject({ code: 'LEASE_TIMEOUT', details: { swept: { owner: 'alice', ticket: lost.token } } })
    await lease.release()
  })

  test('a lease that was swept is lost: the signal says so, and its release does not throw', async () => {
    const dead = new DyingClock()
    const clock = new WarpClock()
    const key = newKey()
    const events: LeaseEvent[] = []
    const lost = await create({ clock: dead, onEvent: (event) => void events.push(event) }).acquire(key)
    dead.die()
    const { lease: waiting } = await waitingLease(create, key, { clock })
    clock.advance(takeoverMs + 10)
    const lease = await waiting
    dead.revive()
    expect(await codeOf(lost.renew())).toBe('LEASE_LOST')
    expect(lost.signal.reason).toMatchObject({ code: 'LEASE_LOST' })
    expect(lost.remainingMs()).toBe(0)
    expect(events.at(-1)?.type).toBe('lost')
    await lost.release()
    await lost[Symbol.asyncDispose]()
    expect((await create().inspect(key)).contenders).toMatchObject([{ ticket: lease.token }])
    await lease.release()
  })

  test('a lease whose holder was away for longer than it lasts is worth nothing until it is renewed: in a line it can be, if no other took it', async () => {
    const clock = new WarpClock()
    const leaser = create({ clock })
    const key = newKey()
    const lease = await leaser.acquire(key)
    clock.advance(6001)
    expect(lease.remainingMs()).toBe(0)
    expect(await codeOf(lease.renew())).toBe(fair ? 'no error' : 'LEASE_LOST')
    expect(lease.signal.aborted).toBe(!fair)
    expect(lease.remainingMs() > 3000).toBe(fair)
    await lease.release()
    await untilInLine(leaser, key, 0)
  })

  test('a held lease is renewed in the background, and by hand', async () => {
    const clock = new WarpClock()
    const events: LeaseEvent[] = []
    const leaser = create({ clock, onEvent: (event) => void events.push(event) })
    const lease = await leaser.acquire(newKey())
    clock.advance(3500)
    await expect.poll(() => events.filter(({ type }) => type === 'renewed').length, { interval: 2 }).toBe(1)
    expect(lease.remainingMs()).toBeGreaterThan(3500)
    clock.advance(1000)
    await lease.renew()
    expect(lease.remainingMs()).toBeGreaterThan(5000)
    await lease.release()
  })

  test('release is idempotent, also at the same time', async () => {
    const leaser = create()
    const key = newKey()
    const lease = await leaser.acquire(key)
    await Promise.all([lease.release(), lease.release()])
    await lease.release()
    expect((await leaser.inspect(key)).contenders).toEqual([])
  })

  test('`await using` releases', async () => {
    const leaser = create()
    const key = newKey()
    {
      await using lease = await leaser.acquire(key)
      expect((await leaser.inspect(key)).contenders).toMatchObject([{ ticket: lease.token }])
    }
    expect((await leaser.inspect(key)).contenders).toEqual([])
  })

  test('tickets continue above a raised floor, and are never lowered', async () => {
    const leaser = create()
    const key = newKey()
    await leaser.raise(key, 41)
    const lease = await leaser.acquire(key)
    expect(lease.token).toBeGreaterThan(41)
    if (fair) expect(lease.token).toBe(42)
    const { ticket } = await leaser.inspect(key)
    await lease.release()
    await leaser.raise(key, 7)
    expect((await leaser.inspect(key)).ticket).toBe(ticket)
    for (const floor of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(await codeOf(leaser.raise(key, floor))).toBe('CONFIGURATION')
    }
  })

  test('a lease can be longer for one acquisition', async () => {
    const leaser = create()
    const lease = await leaser.acquire(newKey(), { ttlMs: 60_000, timeoutMs: 60_000 })
    expect(lease.ttlMs).toBe(60_000)
    expect(lease.remainingMs()).toBeGreaterThan(50_000)
    await lease.release()
  })

  test.each([
    ['a key that is empty', '', {}],
    ['a key of more than 2048 bytes', 'ä'.repeat(1025), {}],
    ['a ttl that is not a number', 'k', { ttlMs: Number.NaN }],
    ['a ttl that leaves no time to renew', 'k', { ttlMs: 10 }],
    ['a ttl of more than an hour', 'k', { ttlMs: 3_600_001 }],
    ['a negative timeout', 'k', { timeoutMs: -1 }],
    ['an infinite timeout', 'k', { timeoutMs: Number.POSITIVE_INFINITY }],
  ])('%s is refused', async (_, key, options) => {
    expect(await codeOf(create().acquire(key, options))).toBe('CONFIGURATION')
  })

  test('a listener that throws costs nobody the lease', async () => {
    const leaser = create({
      onEvent: () => {
        throw new Error('a bug of the listener')
      },
    })
    const lease = await leaser.acquire(newKey())
    expect(lease.remainingMs()).toBeGreaterThan(0)
    await lease.release()
  })

  test('however high the floor is, the next ticket is above it', async () => {
    const leaser = create()
    const key = newKey()
    const floor = 2 ** 40
    await leaser.raise(key, floor)
    const lease = await leaser.acquire(key)
    expect(lease.token).toBeGreaterThan(floor)
    await lease.release()
  })

  test('of many who ask, one has it at a time, and all have their turn', async () => {
    const leasers = [create(), create(), create()]
    const key = newKey()
    const tokens: number[] = []
    let holders = 0
    const turns = Array.from({ length: 9 }, async (_, index) => {
      const lease = await (leasers[index % 3] as Leaser).acquire(key, { timeoutMs: 30_000 })
      expect(++holders).toBe(1)
      tokens.push(lease.token)
      await new Promise((resolve) => setImmediate(resolve))
      holders--
      await lease.release()
    })
    await Promise.all(turns)
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b))
    expect(new Set(tokens).size).toBe(9)
  })

  test('an operator takes a dead holder out of the line, once, and its lease is lost', async () => {
    const events: LeaseEvent[] = []
    const clock = new WarpClock()
    const dead = new DyingClock()
    const operator = create({ clock, onEvent: (event) => void events.push(event) })
    const key = newKey()
    const lost = await create({ clock: dead }).acquire(key)
    dead.die()
    const [holder] = (await operator.inspect(key)).contenders
    clock.advance(takeoverMs + 10)
    expect(await operator.sweep(key, lost.token)).toMatchObject({ ticket: lost.token, owner: holder?.owner })
    expect(events).toEqual([{ type: 'swept', key, ticket: lost.token, owner: holder?.owner }])
    expect((await operator.inspect(key)).contenders).toEqual([])
    expect(await codeOf(operator.sweep(key, lost.token))).toBe('NO_SUCH_TICKET')
    dead.revive()
    expect(await codeOf(lost.renew())).toBe('LEASE_LOST')
    await lost.release()
  })

  test('an operator is told until when a contender must be presumed alive, and may take it out all the same', async () => {
    const operator = create()
    const key = newKey()
    const lease = await create().acquire(key)
    const [holder] = (await operator.inspect(key)).contenders
    const refused = await operator.sweep(key, lease.token).catch((error: LeaseError) => error)
    expect(refused).toMatchObject({ code: 'CONTENDER_ALIVE', details: { key, holder: holder?.owner } })
    expect((refused as LeaseError).message).toContain(new Date((holder?.aliveUntilMs ?? 0) + 500).toISOString())
    expect((refused as LeaseError).message).toContain('two holders')
    await lease.renew()
    expect(await operator.sweep(key, lease.token, { force: true })).toMatchObject({ id: holder?.id })
    const next = await operator.acquire(key)
    expect(await codeOf(lease.renew())).toBe('LEASE_LOST')
    await lease.release()
    expect((await operator.inspect(key)).contenders).toMatchObject([{ ticket: next.token }])
    await next.release()
  })

  test('nobody is taken out of the line for a ticket that nobody has, or that is none', async () => {
    const leaser = create()
    const key = newKey()
    expect(await codeOf(leaser.sweep(key, 7, { force: true }))).toBe('NO_SUCH_TICKET')
    const lease = await leaser.acquire(key)
    const unknown = await leaser.sweep(key, lease.token + 1, { force: true }).catch((error: LeaseError) => error)
    expect(unknown).toMatchObject({ code: 'NO_SUCH_TICKET' })
    expect((unknown as LeaseError).message).toContain(`${lease.token} (`)
    for (const ticket of [-1, 0.5, Number.NaN, '1']) {
      expect(await codeOf(leaser.sweep(key, ticket as number, { force: true }))).toBe('CONFIGURATION')
    }
    expect((await leaser.inspect(key)).contenders).toHaveLength(1)
    await lease.release()
  })
}

/** What only a line can promise. */
function lineContract(create: LeaserFactory): void {
  test('contenders are served one at a time, in the order in which they joined, with growing tokens', async () => {
    const leasers = [create(), create(), create()]
    const key = newKey()
    const first = await create().acquire(key)
    const served: number[] = []
    const tokens = [first.token]
    const names = 'a b c d e f g h'.split(' ')
    let holders = 0
    const turns = names.map(async (owner, index) => {
      const lease = await (leasers[index % 3] as Leaser).acquire(key, { owner, timeoutMs: 30_000 })
      expect(++holders).toBe(1)
      tokens.push(lease.token)
      served.push(index)
      await new Promise((resolve) => setImmediate(resolve))
      holders--
      await lease.release()
    })
    await untilInLine(leasers[0] as Leaser, key, 9)
    const { contenders } = await (leasers[0] as Leaser).inspect(key)
    await first.release()
    await Promise.all(turns)
    expect(served.map((index) => names[index])).toEqual(contenders.slice(1).map(({ owner }) => owner))
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b))
    expect(new Set(tokens).size).toBe(9)
  })

  test('a yield goes behind everybody who waits', async () => {
    const leaser = create()
    const key = newKey()
    const lease = await leaser.acquire(key, { owner: 'alice' })
    const bob = leaser.acquire(key, { owner: 'bob' })
    await untilInLine(leaser, key, 2)
    const again = lease.yield()
    const bobs = await bob
    expect((await leaser.inspect(key)).contenders.map(({ owner }) => owner)).toEqual(['bob', 'alice'])
    await bobs.release()
    const next = await again
    expect(next.token).toBeGreaterThan(bobs.token)
    await next.release()
  })

  test('a waiter that waits for longer than a ttl keeps its place', async () => {
    const [holding, waiting] = [new WarpClock(), new WarpClock()]
    const key = newKey()
    const lease = await create({ clock: holding }).acquire(key)
    const leaser = create({ clock: waiting })
    const wait = leaser.acquire(key, { timeoutMs: 60_000 })
    await untilInLine(leaser, key, 2)
    for (let i = 0; i < 4; i++) {
      const before = (await leaser.inspect(key)).contenders.map(({ aliveUntilMs }) => aliveUntilMs)
      holding.advance(3500)
      waiting.advance(3500)
      await expect
        .poll(
          async () => {
            const { contenders } = await leaser.inspect(key)
            return contenders.map(({ aliveUntilMs }, index) => aliveUntilMs > (before[index] ?? 0))
          },
          { interval: 2 },
        )
        .toEqual([true, true])
    }
    await lease.release()
    expect((await wait).token).toBe(lease.token + 1)
  })

  test('`owner` is cut to 24 bytes, at a character', async () => {
    const leaser = create()
    const key = newKey()
    const lease = await leaser.acquire(key, { owner: `${'a'.repeat(23)}äb` })
    expect((await leaser.inspect(key)).contenders[0]?.owner).toBe('a'.repeat(23))
    await lease.release()
  })

  test('events tell the story of a lease', async () => {
    const events: LeaseEvent[] = []
    const leaser = create({ onEvent: (event) => void events.push(event), owner: 'alice' })
    const key = newKey()
    const lease = await leaser.acquire(key)
    const bob = create().acquire(key, { owner: 'bob' })
    await untilInLine(leaser, key, 2)
    const again = lease.yield()
    await (await bob).release()
    await (await again).release()
    const told = events.filter(({ type }) => type !== 'renewed')
    expect(told).toMatchObject([
      { type: 'acquired', key, token: 1, waiting: 0 },
      { type: 'yielded', key, token: 1 },
      { type: 'waiting', key, position: 1, holder: 'bob' },
      { type: 'acquired', key, token: 3, waiting: 0 },
      { type: 'released', key, token: 3 },
    ])
  })

  test('an operator can take out one who waits, and leave the holder', async () => {
    const leaser = create()
    const key = newKey()
    const lease = await leaser.acquire(key)
    const { lease: bob } = await waitingLease(create, key, { owner: 'bob' })
    const ticket = (await leaser.inspect(key)).contenders[1]?.ticket ?? 0
    expect(await leaser.sweep(key, ticket, { force: true })).toMatchObject({ owner: 'bob' })
    // It notices, and stands in line again under a new ticket.
    await expect.poll(async () => (await leaser.inspect(key)).contenders.length, { interval: 2 }).toBe(2)
    await lease.release()
    const bobs = await bob
    expect(bobs.token).toBeGreaterThan(ticket)
    await bobs.release()
  })
}
