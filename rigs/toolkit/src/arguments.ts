import { Command, CommanderError, Help } from 'commander'

/** Says what is wrong with a command line, and how it is used. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly usage: string

  constructor(message: string, usage: string) {
    super(message)
    this.usage = usage
  }
}

/** A command line: give it its options, then to {@link parse}. */
export const commandLine = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .configureHelp({
      optionDescription: (option) => (option.defaultValue ? new Help().optionDescription(option) : option.description),
    })

/**
 * What `read` makes of the words of a command line. pnpm's own `--` counts for nothing.
 *
 * @throws UsageError, also in the place of an Error of `read`; CommanderError if the help was shown
 */
export function parse<T>(command: Command, words: readonly string[], read: (command: Command) => T): T {
  try {
    command.parse(
      words.filter((it) => it !== '--'),
      { from: 'user' },
    )
    return read(command)
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) throw error
    throw new UsageError(messageOf(error as Error, command), command.helpInformation().trimEnd())
  }
}

function messageOf(error: Error, { args }: Command): string {
  if (!(error instanceof CommanderError)) return error.message
  if (error.code === 'commander.excessArguments') return `what is ${args.join(' ')}?`
  return error.message.replace(/^error: /, '')
}

/** Runs a program. The result is its exit code: 2 after a wrong command line, 0 after `--help`, otherwise that of `main`. */
export async function runProgram<T>(parseArguments: () => T, main: (parsed: T) => Promise<number>): Promise<number> {
  let parsed: T
  try {
    parsed = parseArguments()
  } catch (error) {
    if (error instanceof CommanderError) return 0
    if (!(error instanceof UsageError)) throw error
    console.error(`${error.message}\n\n${error.usage}`)
    return 2
  }
  return main(parsed)
}

/** For an option: a whole number that is at least `atLeast`. */
export const wholeNumber =
  (option: string, atLeast: number) =>
  (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    // Two larger ones could be one.
    if (Number.isSafeInteger(value) && value >= atLeast) return value
    throw new Error(`${option} must be a whole number, at least ${atLeast}, not ${text || 'nothing'}`)
  }

/** For an option: a number above 0. */
export const numberAbove0 =
  (option: string) =>
  (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (Number.isFinite(value) && value > 0) return value
    throw new Error(`${option} must be a number above 0, not ${text || 'nothing'}`)
  }

/** For an option: one of `choices`. */
export const oneOf =
  <T extends string>(option: string, choices: readonly T[]) =>
  (text: string): T => {
    const choice = choices.find((it) => it === text)
    if (choice !== undefined) return choice
    throw new Error(`${option} must be one of ${choices.join(', ')}, not ${text || 'nothing'}`)
  }
