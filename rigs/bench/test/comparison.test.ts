import { expect, test } from 'vitest'
import { BETTER_SQLITE3, type ContestantName, LIBSQL, OURS } from '../src/contestants/contestants.js'
import { comparison, EACH_PEER } from '../src/race/comparison.js'
import { SideBySide } from '../src/race/measure.js'

/** Ours against two peers that do one a second, with a ratio for each round. */
function held(ratios: readonly number[]) {
  const one = ratios.map(() => 1)
  const result = new SideBySide(
    new Map<ContestantName, readonly number[]>([
      [OURS, ratios],
      [LIBSQL, one],
      [BETTER_SQLITE3, one],
    ]),
    [],
  )
  const [row] = comparison({
    name: 'name',
    title: 'Title',
    contestants: [OURS, LIBSQL, BETTER_SQLITE3],
    measured: [{ what: 'what', result, targets: EACH_PEER }],
    notes: [],
  }).rows
  return row!.holds
}

test('a target holds where the whole interval reaches it, is missed where none of it does, and can not be told between', () => {
  const around = (median: number) => Array.from({ length: 25 }, (_, round) => median + (round - 12) / 100)
  expect([held(around(1.2)), held(around(0.8)), held(around(1.01)), held(around(0.99))]).toEqual([
    true,
    false,
    undefined,
    undefined,
  ])
})
