import { expect, test } from 'vitest'
import { simulateContention } from '../src/lease/simulated-contention.js'
import { simulateTakeover } from '../src/lease/takeover.js'
import { quantile } from '../src/race/measure.js'

// In simulated time: the same on every machine.
const HOLD_MS = 40
const ROUND_TRIP_MS = 5
const FOR_MS = 20_000

test.each([
  { contenders: 2, mostWriteUnits: 3 },
  { contenders: 10, mostWriteUnits: 4 },
  { contenders: 50, mostWriteUnits: 15 },
])('$contenders contenders have nine tenths of the turns that there can be, each in its turn', async (each) => {
  const { contenders, mostWriteUnits } = each
  const load = { way: 'the line', contenders, holdMs: HOLD_MS, roundTripMs: ROUND_TRIP_MS, forMs: FOR_MS } as const
  const { waitsMs, gaveUp, usage } = await simulateContention(load)
  const turnMs = HOLD_MS + ROUND_TRIP_MS
  expect((waitsMs.length * turnMs) / FOR_MS).toBeGreaterThan(0.92)
  expect(quantile(waitsMs, 0.99)).toBeLessThan(1.2 * contenders * turnMs)
  expect(gaveUp).toBe(0)
  expect(usage.writeUnits / waitsMs.length).toBeLessThan(mostWriteUnits)
})

test('a dead holder is replaced in time, and those who wait for that ask seldom', async () => {
  const { afterMs, waitingPerSecond, aroundPerSecond, sweeps } = await simulateTakeover(50, 1)
  expect(afterMs).toBeLessThan(6750)
  expect(waitingPerSecond).toBeLessThan(450)
  expect(aroundPerSecond).toBeLessThan(450)
  expect(sweeps).toBeLessThan(5)
})
