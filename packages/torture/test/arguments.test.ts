import { expect, test } from 'vitest'
import { parseArguments } from '../src/arguments.js'

test('the command line chooses the contestant and its faults', () => {
  const { options } = parseArguments([
    '--',
    '--minutes',
    '0.5',
    '--workers',
    '3',
    '--without-file-locks',
    '--seed',
    '7',
  ])
  expect(options).toMatchObject({ contestant: 'lease-without-file-locks', seconds: 30, writers: 3, seed: 7 })
  expect(parseArguments(['--control']).options.contestant).toBe('official')
})

test.each([
  '--minutes=',
  '--minutes=0',
  '--minutes=NaN',
  '--workers=0',
  '--workers=1.5',
  '--workers=-1',
  '--seed=x',
  '--ttl-ms=0',
  '--kill-every-ms=0',
  '--freeze-every-ms=-1',
  '--max-clock-skew-ms=none',
])('%s is refused, with the value in the message', (word) => {
  const [name, value] = word.split('=')
  expect(() => parseArguments([word])).toThrow(new RegExp(`^${name} must be a .*number.* not ${value || 'nothing'}$`))
})

test('what is no option is refused', () => {
  expect(() => parseArguments(['--bogus'])).toThrow(/Unknown option '--bogus'/)
  expect(() => parseArguments(['bogus'])).toThrow(/bogus/)
})
