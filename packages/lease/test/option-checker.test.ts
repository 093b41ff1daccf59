import { describe, expect, test } from 'vitest'
import { OptionChecker } from '../src/internal.js'

class OptionError extends Error {
  readonly option: string
  constructor(message: string, option: string, cause: unknown) {
    super(message, { cause })
    this.option = option
  }
}
const check = new OptionChecker((...details) => new OptionError(...details))

describe('the message', () => {
  test.each<[string, () => unknown]>([
    ['Option ttlMs must be milliseconds above 0, got -5.', () => check.milliseconds('ttlMs', -5, { above: 0 })],
    [
      'Option ttlMs must be milliseconds above 0, at most 9, got 10.',
      () => check.milliseconds('ttlMs', 10, { above: 0, to: 9 }),
    ],
    ['Option waitMs must be milliseconds, 0 or more, got Infinity.', () => check.milliseconds('waitMs', Infinity)],
    [
      'Option waitMs must be milliseconds from 0 to 9, got "5".',
      () => check.milliseconds('waitMs', '5' as never, { to: 9 }),
    ],
    ['Option attempts must be a whole number, 1 or more, got 1.5.', () => check.whole('attempts', 1.5, { from: 1 })],
    ['Option attempts must be a whole number, 0 or more, got 5n.', () => check.whole('attempts', 5n as never)],
    ['Option key must be a string that is not empty, got "".', () => check.text('key', '')],
    [
      'Option key must be a string that is not empty, got nothing; it names the item.',
      () => check.text('key', undefined, 'it names the item'),
    ],
    ['Option tracing must be true or false, got null.', () => check.boolean('tracing', null as never)],
    ['Option onEvent must be a function, got "log".', () => check.callback('onEvent', 'log')],
    [
      "Option mode must be 'fast' or 'safe', got \"sfae\"; did you mean 'safe'?",
      () => check.oneOf<string>('mode', 'sfae', ['fast', 'safe']),
    ],
    ['Option mode must be \'fast\', got "slow".', () => check.oneOf<string>('mode', 'slow', ['fast'])],
  ])('%s', (message, action) => {
    expect(action).toThrow(expect.objectContaining({ message, option: message.split(' ')[1] }))
  })

  test('shows of an object, an array and a function only what they are: one may have credentials in it', () => {
    const shown = [{ secretAccessKey: 'hunter2' }, ['hunter2'], () => 'hunter2'].map(
      (value) => check.wrong('client', 'be a DynamoDBClient', value).message,
    )
    expect(shown).toEqual(
      ['an object', 'an array', 'a function'].map((it) => `Option client must be a DynamoDBClient, got ${it}.`),
    )
  })

  test('shows no more than the beginning of a long string', () => {
    expect(check.wrong('url', 'be short', 'x'.repeat(1000)).message.length).toBeLessThan(250)
  })

  test('has the caller’s name of an option, and the own one of an environment variable', () => {
    const flags = new OptionChecker(
      (message) => new Error(message),
      (option) => `--${option}`,
    )
    expect(flags.wrong('ttl', 'be set', undefined).message).toBe('Option --ttl must be set, got nothing.')
    expect(flags.wrong('APP_TTL', 'be set', '').message).toBe('Environment variable APP_TTL must be set, got "".')
  })
})

test('undefined passes where it stands for a default', () => {
  expect(check.milliseconds('ttlMs', undefined)).toBeUndefined()
  expect(check.whole('attempts', undefined)).toBeUndefined()
  expect(check.boolean('tracing', undefined)).toBeUndefined()
  expect(check.callback('onEvent', undefined)).toBeUndefined()
  expect(check.oneOf('mode', undefined, [])).toBeUndefined()
})

test('the limits themselves are in range, but for the exclusive one', () => {
  expect(check.milliseconds('ttlMs', 0)).toBe(0)
  expect(check.milliseconds('ttlMs', 9, { above: 8, to: 9 })).toBe(9)
  expect(() => check.milliseconds('ttlMs', 8, { above: 8 })).toThrow('above 8')
  expect(() => check.whole('attempts', 0, { from: 1 })).toThrow('1 or more')
})

test('the cause is passed on', () => {
  const cause = new Error('EACCES')
  expect(check.wrong('directory', 'be a folder', '/x', { cause }).cause).toBe(cause)
})
