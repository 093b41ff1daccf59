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

test('the command line chooses Lambda functions for writers, which are killed less often: their start takes longer', () => {
  expect(parseArguments([])).toMatchObject({ isLambda: false, options: { killEveryMs: 1800 } })
  expect(parseArguments(['--lambda'])).toMatchObject({ isLambda: true, options: { killEveryMs: 6000 } })
  expect(parseArguments(['--lambda', '--kill-every-ms', '9']).options.killEveryMs).toBe(9)
})

test.each(['--control', '--without-file-locks'])('Lambda functions go without %s', (word) => {
  expect(() => parseArguments(['--lambda', word])).toThrow(/^--lambda .* neither --control nor --without-file-locks$/)
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

test.each([
  {
    ttlMs: 500,
    maxClockSkewMs: 600,
    why: /ttlMs must be larger than maxClockSkewMs \+ 2 x requestTimeoutMs .*, got 500/,
  },
  { ttlMs: 3_600_001, maxClockSkewMs: 200, why: /ttlMs must be milliseconds above 0, at most 3600000, got 3600001/ },
])('a lease that no worker would get is refused: $ttlMs ms, clocks $maxClockSkewMs ms apart', (lease) => {
  const words = ['--ttl-ms', String(lease.ttlMs), '--max-clock-skew-ms', String(lease.maxClockSkewMs)]
  expect(() => parseArguments(words)).toThrow(/^--ttl-ms \d+ with --max-clock-skew-ms \d+ can't be used: /)
  expect(() => parseArguments(words)).toThrow(lease.why)
})

test('what is no option is refused', () => {
  expect(() => parseArguments(['--bogus'])).toThrow(/unknown option '--bogus'/)
  expect(() => parseArguments(['bogus'])).toThrow(/bogus/)
})
