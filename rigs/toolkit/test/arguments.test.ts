import { describe, expect, it, vi } from 'vitest'
import { commandLine, numberAbove0, oneOf, parse, runProgram, UsageError, wholeNumber } from '../src/arguments.js'

const parsed = (...words: string[]) => {
  const command = commandLine('pnpm rig', 'A rig.')
    .argument('[name]')
    .option('--runs <N>', 'how many', wholeNumber('--runs', 1), 3)
    .option('--minutes <M>', 'how long', numberAbove0('--minutes'))
    .option('--colour <name>', 'of the rig', oneOf('--colour', ['red', 'green']))
  return parse(command, words, ({ args }) => {
    if (args[0] === 'wrong') throw new Error('there is no wrong')
    return { ...command.opts(), names: args }
  })
}

describe('a command line', () => {
  it('gives what it is told, and defaults, and takes no notice of the -- of pnpm', () => {
    expect(parsed('--', '--minutes', '0.5', 'a')).toEqual({ runs: 3, minutes: 0.5, names: ['a'] })
    expect(parsed('--colour=green', '--runs=7')).toEqual({ runs: 7, colour: 'green', names: [] })
  })

  it.each([
    ['--runs=0', /^--runs must be a whole number, at least 1, not 0$/],
    ['--runs=1.5', /^--runs must be .* not 1\.5$/],
    ['--runs=', /^--runs must be .* not nothing$/],
    ['--runs=9007199254740993', /^--runs must be .* not 9007199254740993$/],
    ['--runs', /^option '--runs <N>' argument missing$/],
    ['--minutes=0', /^--minutes must be a number above 0, not 0$/],
    ['--minutes=Infinity', /^--minutes must be .* not Infinity$/],
    ['--colour=blue', /^--colour must be one of red, green, not blue$/],
    ['--bogus', /^unknown option '--bogus'$/],
    ['a b', /^what is a b\?$/],
    ['wrong', /^there is no wrong$/],
  ])('refuses %s', (words, message) => {
    const act = () => parsed(...words.split(' '))
    expect(act).toThrow(UsageError)
    expect(act).toThrow(message)
  })

  it('ends the program with 2 and the usage where it is wrong, and with 0 after --help', async () => {
    const main = vi.fn(async () => 7)
    const error = vi.spyOn(console, 'error').mockReturnValue()
    const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    try {
      expect(await runProgram(() => parsed('--runs=0'), main)).toBe(2)
      expect(error.mock.lastCall?.[0]).toMatch(/^--runs must be [^]*\n\nUsage: pnpm rig \[options\] \[name\]/)
      expect(await runProgram(() => parsed('--help'), main)).toBe(0)
      expect(out.mock.lastCall?.[0]).toMatch(
        /^Usage: pnpm rig \[options\] \[name\][^]*--runs <N> +how many \(default: 3\)/,
      )
      expect(main).not.toHaveBeenCalled()
      expect(await runProgram(() => parsed(), main)).toBe(7)
    } finally {
      error.mockRestore()
      out.mockRestore()
    }
  })
})
