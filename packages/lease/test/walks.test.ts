import { expect, test } from 'vitest'
import type { Lease } from '../src/index.js'
import { type Machine, seeded, World } from './world.js'

const KEY = 'database#/mnt/efs/app.db'
const WALKS = Number(process.env['LEASE_WALKS'] ?? 25)
const FIRST = Number(process.env['LEASE_FIRST_WALK'] ?? 1)

/** One random history of three to five machines: crashes, freezes, late, lost and repeated messages, skewed clocks. */
async function walk(seed: number): Promise<{ writes: number; acquired: number; lost: number }> {
  const random = seeded(seed)
  const chance = (probability: number) => random() < probability
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low))
  const world = new World()
  const held = new Map<Machine, Lease>()
  const machines: Machine[] = []
  const weather = { stormy: true }
  let [writes, lastToken, acquired, lost] = [0, 0, 0, 0]

  world.fate = () => {
    const fate = { requestMs: between(1, 6), answerMs: between(1, 6) }
    if (!weather.stormy) return fate
    if (chance(0.05)) return { ...fate, lost: chance(0.5) ? 'request' : 'answer' }
    if (chance(0.04)) return { ...fate, duplicateAfterMs: between(1, 9000) }
    if (chance(0.05)) return { ...fate, requestMs: between(1, 9000) }
    if (chance(0.05)) return { ...fate, answerMs: between(1, 3000) }
    if (chance(0.05)) return { ...fate, throttled: true }
    if (chance(0.1)) return { ...fate, staleMs: between(1, 8000) }
    return fate
  }

  // The promise of the package: never two that may write, and tokens that only grow from write to write.
  world.check = () => {
    const holders = [...held].filter(([machine, lease]) => machine.isRunning && lease.remainingMs() > 0)
    expect(holders.length, `holders at ${world.nowMs}`).toBeLessThanOrEqual(1)
    for (const [, { token }] of holders) {
      expect(token, 'the fencing token').toBeGreaterThanOrEqual(lastToken)
      lastToken = token
      writes++
    }
  }

  const pause = (machine: Machine, ms: number) => new Promise<void>((resolve) => machine.after(ms, resolve))

  const live = async (machine: Machine) => {
    const leaser = machine.leaser({ random: seeded(between(1, 2 ** 30)) })
    while (weather.stormy) {
      await pause(machine, between(0, 400))
      const patienceMs = between(200, 9000)
      let lease: Lease
      try {
        lease = await leaser.acquire(KEY, { timeoutMs: chance(0.5) ? patienceMs : () => patienceMs / 2 })
      } catch {
        continue
      }
      acquired++
      held.set(machine, lease)
      await pause(machine, chance(0.9) ? between(1, 200) : between(1, 9000))
      if (chance(0.3)) {
        const yielding = lease.yield({ timeoutMs: patienceMs })
        held.delete(machine)
        try {
          lease = await yielding
        } catch {
          continue
        }
        held.set(machine, lease)
        await pause(machine, between(1, 200))
      }
      if (lease.signal.aborted) lost++
      await lease.release().catch(() => {})
      held.delete(machine)
    }
  }

  const start = () => {
    const machine = world.machine({ skewMs: between(-250, 251) })
    machines.push(machine)
    void live(machine)
  }

  for (let i = between(3, 6); i > 0; i--) start()
  for (let passedMs = 0; passedMs < 30_000; ) {
    const ms = between(1, 3000)
    await world.pass(ms)
    passedMs += ms
    const machine = machines[between(0, machines.length)] as Machine
    if (chance(0.15)) {
      machine.kill()
      held.delete(machine)
      start()
    } else if (chance(0.4)) {
      machine.freeze()
      world.after(between(1, 15_000), () => machine.thaw())
    }
  }

  // The storm is over: whatever it left behind, a newcomer is served, and in the end nobody stands in the line.
  weather.stormy = false
  for (const machine of machines) machine.thaw()
  const newcomer = await world.run(world.machine().leaser().acquire(KEY, { timeoutMs: 90_000 }))
  expect(newcomer.token).toBeGreaterThan(lastToken)
  await world.run(newcomer.release())
  await world.pass(30_000)
  const last = await world.run(world.machine().leaser().acquire(KEY, { timeoutMs: 30_000 }))
  expect((await world.store.look(KEY)).item?.contenders).toMatchObject([{ ticket: last.token }])
  return { writes, acquired, lost }
}

test(`no two holders at once, and no stuck line, in ${WALKS} random walks`, async () => {
  const sum = { writes: 0, acquired: 0, lost: 0 }
  for (let seed = FIRST; seed < FIRST + WALKS; seed++) {
    const { writes, acquired, lost } = await walk(seed).catch((error: unknown) => {
      throw new Error(`walk ${seed} failed: LEASE_FIRST_WALK=${seed} LEASE_WALKS=1 shows it alone`, { cause: error })
    })
    sum.writes += writes
    sum.acquired += acquired
    sum.lost += lost
  }
  // The storm must have been one, and must have let something through.
  expect(sum.acquired).toBeGreaterThan(WALKS * 5)
  expect(sum.lost).toBeGreaterThan(0)
  expect(sum.writes).toBeGreaterThan(sum.acquired)
})
