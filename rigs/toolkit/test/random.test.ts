import { expect, test } from 'vitest'
import { Random, seeded } from '../src/random.js'

test('a seed gives the numbers that it always gave: seeds are written down in documents and reports', () => {
  const random = seeded(1)
  expect([random(), random(), random()]).toEqual([0.6270739405881613, 0.002735721180215478, 0.5274470399599522])
  const choices = new Random(2 ** 31 + 5)
  expect([choices.whole(1, 11), choices.pick('a', 'b', 'c'), choices.weighted({ x: 1, y: 9 })]).toEqual([6, 'a', 'y'])
})
