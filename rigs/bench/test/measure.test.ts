import { expect, test } from 'vitest'
import { contestant, quantile, sideBySide } from '../src/race/measure.js'

test('who does three times the work has a third of the throughput', async () => {
  const result = await sideBySide([contestant('once', () => work(1)), contestant('thrice', () => work(3))], {
    rounds: 25,
    turnMs: 8,
  })
  const { low, high } = result.ratio('thrice', 'once')
  expect(low).toBeLessThan(0.5)
  expect(high).toBeGreaterThan(0.2)
  expect(high).toBeLessThan(0.8)
})

test('each contestant has one turn in each round, after others in each', async () => {
  const order: string[] = []
  const contestants = ['a', 'b', 'c'].map((name) => contestant(name, async () => void order.push(name)))
  await sideBySide(contestants, { rounds: 100, turnMs: 0 })
  // The first three warm up.
  const rounds = Array.from({ length: 100 }, (_, round) => order.slice(3 + 3 * round, 6 + 3 * round))
  for (const round of rounds) expect(round.toSorted()).toEqual(['a', 'b', 'c'])
  expect(new Set(rounds.map((round) => round.join(''))).size).toBe(6)
})

test('a quantile between two values is between them', () => {
  expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5)
  expect(quantile([7], 0.9)).toBe(7)
})

async function work(times: number): Promise<number> {
  let sum = 0
  for (let index = 0; index < times * 100_000; index++) sum += Math.sqrt(index)
  return sum
}

test('an operation that waited in vain is told and done again; what else fails, fails', async () => {
  let calls = 0
  const failing = (code: string) => async () => {
    if (++calls % 2 === 1) throw Object.assign(new Error('no'), { code })
  }
  const pace = { rounds: 1, turnMs: 0 }
  const result = await sideBySide([contestant('a', failing('P1008'))], pace)
  expect(result.timeouts).toEqual(['a', 'a'])
  expect(result.perSecond('a')).toBeGreaterThan(0)
  await expect(sideBySide([contestant('a', failing('P2002'))], pace)).rejects.toThrow('no')
})

test('who warms up does so for as long as it takes, and none of that counts', async () => {
  const turnsMs: number[] = []
  const slow = {
    name: 'a',
    async turn(turnMs: number) {
      turnsMs.push(turnMs)
      return { operationsPerSecond: turnMs === 300 ? 1 : 1000, timeouts: 0 }
    },
  }
  const result = await sideBySide([slow], { rounds: 2, turnMs: 12, warmUpMs: 300 })
  expect(turnsMs).toEqual([300, 12, 12])
  expect(result.perSecond('a')).toBe(1000)
})
