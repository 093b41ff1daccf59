import { expect, test } from 'vitest'
import { chosen, options } from '../src/options.js'
import { SCENARIOS } from '../src/scenarios/index.js'

const parse = (...words: string[]) => options(words, SCENARIOS)
const names = (...words: string[]) => chosen(SCENARIOS, parse(...words)).map(({ name, rounds }) => `${name} ${rounds}`)

test('scenarios are chosen by how their names begin', () => {
  expect(names('new-database', '--rounds', '7')).toEqual(['new-database 7', 'new-database-killed 7'])
  expect(names('--')).toHaveLength(SCENARIOS.length)
  expect(parse('--hosts', '4,5,6').hosts).toEqual([4, 5, 6])
})

test('no two scenarios have one name', () => {
  expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length)
})

test.each([[['nope']], [['killed', 'nope']], [['--list', 'nope']]])(
  '%j: a name that no scenario has is refused, and all that there are are named',
  (words) => {
    expect(() => parse(...words)).toThrow(/^There is no scenario nope\. There are: killed-in-commit, .*torture/)
  },
)

test.each([
  ['--rounds=x', /^--rounds x can't be used/],
  ['--rounds=1.5', /^--rounds 1.5 can't be used/],
  ['--rounds=0', /^--rounds 0 can't be used/],
  ['--minutes=', /^--minutes {2}can't be used/],
  ['--minutes=Infinity', /^--minutes Infinity can't be used/],
  ['--hosts=1,2', /^--hosts 1,2 can't be used/],
  ['--hosts=1,1,2', /^--hosts 1,1,2 can't be used/],
  ['--hosts=5,6,7', /^--hosts 5,6,7 can't be used/],
  ['--bogus', /'--bogus'/],
])('%s is refused', (word, message) => {
  expect(() => parse(word)).toThrow(message)
})
