import { expect, test } from 'vitest'
import { type LeaseEvent, LocalLeaser } from '../src/index.js'
import { impatient } from './impatient.js'
import { WarpClock } from './warp-clock.js'

test.each(['released', 'yielded', 'lost'] as const)(
  'a lease that is %s tells for how long it was held',
  async (end) => {
    const clock = new WarpClock()
    const events: LeaseEvent[] = []
    const leaser = new LocalLeaser({ clock, onEvent: (event) => void events.push(event) })
    const lease = await leaser.acquire(`held until ${end}`)
    clock.advance(end === 'lost' ? 6_500 : 2_500)
    if (end === 'lost') {
      await new LocalLeaser().sweep(lease.key, lease.token, { force: true })
      await expect(lease.renew()).rejects.toMatchObject({ code: 'LEASE_LOST' })
    }
    await (end === 'yielded' ? await lease.yield() : lease).release()
    const told = events.find(({ type }) => type === end)
    expect(told).toMatchObject({ type: end, token: lease.token, heldMs: expect.any(Number) as number })
    expect(told && 'heldMs' in told && told.heldMs).toBeGreaterThanOrEqual(end === 'lost' ? 6_500 : 2_500)
  },
)

test('who leaves the line without a lease tells why', async () => {
  const events: LeaseEvent[] = []
  const leaser = new LocalLeaser({ onEvent: (event) => void events.push(event) })
  const key = 'given up'
  const lease = await leaser.acquire(key)
  await expect(leaser.acquire(key, impatient())).rejects.toMatchObject({ code: 'LEASE_TIMEOUT' })
  await expect(leaser.acquire(key, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'LEASE_ABORTED' })
  const waitedMs = expect.any(Number) as number
  expect(events.filter(({ type }) => type === 'gave-up')).toEqual([
    { type: 'gave-up', key, waitedMs, code: 'LEASE_TIMEOUT' },
    { type: 'gave-up', key, waitedMs, code: 'LEASE_ABORTED' },
  ])
  await lease.release()
})
