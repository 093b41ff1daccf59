import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { folderUntil } from '@sqlite-efs/toolkit/temporary-folder'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { type Clock, type LeaseError, type LeaserOptions, LocalLeaser } from '../src/index.js'
import { DyingClock, WarpClock } from './warp-clock.js'

const PROGRAM = fileURLToPath(new URL('./hold-until-killed.ts', import.meta.url))
const AHEAD_MS = 50 * 60_000

const top = folderUntil(afterAll)

let keys = 0
const newKey = () => `database#/srv/${++keys}.db`
const directory = join(top, 'line')

/** A clock whose wall can be set. */
class SetClock implements Clock {
  readonly base: DyingClock
  aheadMs: number

  constructor(aheadMs = 0, base = new DyingClock()) {
    this.base = base
    this.aheadMs = aheadMs
  }

  wallMs = () => this.base.wallMs() + this.aheadMs
  monotonicMs = () => this.base.monotonicMs()
  after: Clock['after'] = (...args) => this.base.after(...args)
}

const inFiles = (options: LeaserOptions = {}) => new LocalLeaser({ directory, ...options })
const inMemory = (options: LeaserOptions = {}) => new LocalLeaser(options)

/** A wait, which lasts for `ms` of the waiter's time unless it gets the lease. */
async function waitFor(leaser: LocalLeaser, clock: WarpClock, key: string, ms: number) {
  let begun = () => {}
  const waiting = new Promise<void>((resolve) => {
    begun = resolve
  })
  const acquired = leaser.acquire(key, { timeoutMs: ms, onWait: () => begun() })
  const outcome = acquired.then(
    (lease) => lease,
    (error: LeaseError) => error,
  )
  await waiting
  const step = setInterval(() => clock.advance(100), 1)
  const result = await outcome
  clearInterval(step)
  return result
}

describe.each([
  ['files', inFiles],
  ['memory', inMemory],
])('a line in %s, whose holder had a clock that was 50 minutes ahead', (_, create) => {
  test('is free a ttl after the holder died', async () => {
    const key = newKey()
    const holderClock = new SetClock(AHEAD_MS)
    await create({ clock: holderClock }).acquire(key, { owner: 'ahead' })
    holderClock.base.die()
    const clock = new WarpClock()
    const startMs = clock.monotonicMs()
    const lease = await waitFor(create({ clock }), clock, key, 60_000)
    expect(lease).toMatchObject({ token: 2 })
    const tookMs = clock.monotonicMs() - startMs
    expect(tookMs).toBeGreaterThan(6500)
    expect(tookMs).toBeLessThan(60_000)
  })

  test('is free for waits that are shorter than a lease, too: the next one goes on watching', async () => {
    const key = newKey()
    const holderClock = new SetClock(AHEAD_MS)
    await create({ clock: holderClock }).acquire(key, { owner: 'ahead' })
    holderClock.base.die()
    const clock = new WarpClock()
    const leaser = create({ clock })
    const first = await waitFor(leaser, clock, key, 4000)
    expect(first).toMatchObject({ code: 'LEASE_TIMEOUT', details: { holder: 'ahead', position: 1 } })
    // It says until when one has to wait, which is not what the holder said.
    const { aliveUntilMs = 0 } = (first as LeaseError).details
    expect(aliveUntilMs).toBeGreaterThan(clock.wallMs())
    expect(aliveUntilMs).toBeLessThan(clock.wallMs() + 6500)
    expect((first as LeaseError).message).toContain(new Date(aliveUntilMs).toISOString())
    expect(await waitFor(leaser, clock, key, 4000)).toMatchObject({ token: expect.any(Number) as number })
  })

  test('is the holder’s for as long as it renews, also once its clock was set back', async () => {
    const key = newKey()
    const holderClock = new SetClock(AHEAD_MS)
    const held = await create({ clock: holderClock }).acquire(key, { owner: 'ahead' })
    holderClock.aheadMs = 0
    const clock = new WarpClock()
    const leaser = create({ clock })
    for (let i = 0; i < 6; i++) {
      expect(await waitFor(leaser, clock, key, 2000)).toMatchObject({ code: 'LEASE_TIMEOUT' })
      await held.renew()
    }
    await held.release()
  })

  test('is the holder’s for its own ttl, however long that is', async () => {
    const key = newKey()
    const holderClock = new SetClock(AHEAD_MS)
    await create({ clock: holderClock }).acquire(key, { owner: 'ahead', ttlMs: 120_000 })
    holderClock.base.die()
    const clock = new WarpClock()
    const leaser = create({ clock })
    expect(await waitFor(leaser, clock, key, 60_000)).toMatchObject({ code: 'LEASE_TIMEOUT' })
    expect(await waitFor(leaser, clock, key, 90_000)).toMatchObject({ token: expect.any(Number) as number })
  })

  test('is watched anew once the waiter’s own clock was set back', async () => {
    const key = newKey()
    const holderClock = new SetClock(2 * AHEAD_MS)
    await create({ clock: holderClock }).acquire(key, { owner: 'ahead' })
    holderClock.base.die()
    const base = new DyingClock()
    const clock = new SetClock(AHEAD_MS, base)
    const leaser = create({ clock })
    expect(await waitFor(leaser, base, key, 4000)).toMatchObject({ code: 'LEASE_TIMEOUT' })
    clock.aheadMs = 0
    expect(await waitFor(leaser, base, key, 20_000)).toMatchObject({ token: expect.any(Number) as number })
  })
})

test('a process that held it by a clock that is ahead, and was killed, is replaced within a ttl', async () => {
  const key = newKey()
  const child = spawn(
    process.execPath,
    ['--conditions=@sqlite-efs/source', '--import', 'tsx', PROGRAM, directory, key, String(AHEAD_MS)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'close')
  const lease = await inFiles().acquire(key, { timeoutMs: 30_000 })
  expect(lease.token).toBe(2)
  await lease.release()
})
