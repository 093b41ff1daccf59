import { expect, test } from 'vitest'
import { parseArguments } from '../src/arguments.js'

test.each([
  ['--runs=0', /^--runs must be a whole number, at least 1, not 0$/],
  ['--runs=x', /^--runs must be .* not x$/],
  ['--seed=99999999999999999999', /^--seed must be .* not 99999999999999999999$/],
  ['--locks=maybe', /^--locks must be one of .* not maybe$/],
  ['--bogus', /unknown option '--bogus'/],
  ['bogus', /bogus/],
] as const)('%s is refused in words', (word, message) => {
  expect(() => parseArguments([word])).toThrow(message)
})

test('liveness is refused with options that it would not follow', () => {
  expect(() => parseArguments(['liveness', '--runs', '3'])).toThrow(/takes no --runs$/)
  expect(() => parseArguments(['liveness', '--trace', '--seed=2'])).toThrow(/--seed/)
  expect(parseArguments(['liveness']).command).toBe('liveness')
})

test('who wants to see one run is told that it is one', () => {
  expect(() => parseArguments(['--runs', '5', '--trace'])).toThrow(/show one run/)
  expect(parseArguments(['--trace']).runs).toBe(1)
})
