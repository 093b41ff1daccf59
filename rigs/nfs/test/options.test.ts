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
  ['--rounds=x', /^--rounds must be a whole number, at least 1, not x/],
  ['--rounds=1.5', /^--rounds must be .* not 1.5$/],
  ['--rounds=0', /^--rounds must be .* not 0$/],
  ['--minutes=', /^--minutes must be a number above 0, not nothing$/],
  ['--minutes=Infinity', /^--minutes must be .* not Infinity$/],
  ['--hosts=1,2', /^--hosts must be three numbers from 1 to 6, like 1,2,3, not 1,2$/],
  ['--hosts=1,1,2', /^--hosts must be three numbers from 1 to 6, like 1,2,3, not 1,1,2$/],
  ['--hosts=5,6,7', /^--hosts must be three numbers from 1 to 6, like 1,2,3, not 5,6,7$/],
  ['--bogus', /'--bogus'/],
])('%s is refused', (word, message) => {
  expect(() => parse(word)).toThrow(message)
})
