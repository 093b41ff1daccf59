import { expect, test } from 'vitest'
import { loads, measure } from '../src/liveness.js'

/** In simulated time: the same on every machine. */
const expected = [
  { atLeastPerSecond: 20.2 },
  { atLeastPerSecond: 7 },
  { atLeastPerSecond: 12 },
  { atLeastPerSecond: 16.5 },
]

test.each(loads.map((load, i) => ({ name: load.name, load, ...expected[i]! })))(
  'the line goes on: $name',
  async ({ load, atLeastPerSecond }) => {
    const { perSecond, longestGapMs, died, gaveUp, longestWaitMs } = await measure({ ...load, forMs: 30_000 }, 1)
    expect(perSecond).toBeGreaterThan(atLeastPerSecond)
    // Who dies in line holds it up for no longer than it would have waited, or as the next one than a holder would.
    const stalledMs = load.diesInLine > 0 ? Math.max(load.timeoutMs, 6000) + 500 : 400
    expect(longestGapMs).toBeLessThan(stalledMs + load.holdMs + 10 * load.latencyMs)
    expect(longestWaitMs).toBeLessThanOrEqual(load.timeoutMs)
    expect(died > 0).toBe(load.diesInLine > 0)
    if (load.contenders === 20 && load.diesInLine === 0) expect(gaveUp).toBe(0)
  },
)
