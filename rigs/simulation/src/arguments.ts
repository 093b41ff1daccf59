import { commandLine, oneOf, parse, wholeNumber } from '@sqlite-efs/toolkit/arguments'
import type { Bias, PlanOptions, Skew } from './plan/plan.js'
import type { FileLocks } from './process/file.js'

/** What the command line says. */
export interface Arguments {
  command: 'runs' | 'liveness'
  runs: number
  options: PlanOptions
  keep: ReadonlySet<string> | undefined
  mutant: string | undefined
  trace: boolean
}

const BIASES: readonly Bias[] = [
  'none',
  'long holds',
  'computations',
  'slow joins',
  'slow commits',
  'freezes',
  'wrong clocks',
  'lost tables',
  'locked file',
]
const SKEWS: readonly Skew[] = ['allowed', 'beyond']
const LOCKS: readonly FileLocks[] = ['kept', 'dropped after a silence', 'off']

interface Values extends Partial<PlanOptions> {
  runs?: number
  keep?: string
  mutant?: string
  trace?: true
}

/** @throws UsageError */
export function parseArguments(words: readonly string[]): Arguments {
  const command = commandLine('pnpm simulate', 'Runs of the lease and the database in simulated time.')
    .argument('[liveness]', 'instead: the pace of a line in which some die or give up')
    .option('--runs <N>', 'so many runs (default: 1000)', wholeNumber('--runs', 1))
    .option('--seed <S>', 'from this seed on (default: 1)', wholeNumber('--seed', 0))
    .option('--skew <beyond>', 'clocks further apart than is allowed: violations are expected', oneOf('--skew', SKEWS))
    .option('--bias <kind>', `more of one kind: ${BIASES.join(', ')}`, oneOf('--bias', BIASES))
    .option(
      '--locks <what>',
      `SQLite's file locks: ${LOCKS.join(', ')} (default: by the seed)`,
      oneOf('--locks', LOCKS),
    )
    .option('--mutant <name>', 'with one rule of the protocol taken away')
    .option('--keep <name,name,...>', 'only what has one of these names takes part; with --seed, shows one run')
    .option('--trace', 'show what happens in the run of --seed')
  return parse(command, words, () => argumentsOf(command.args, command.opts<Values>()))
}

function argumentsOf([command = 'runs']: readonly string[], values: Values): Arguments {
  if (command !== 'runs' && command !== 'liveness') throw new Error(`what is ${command}?`)
  const given = Object.keys(values).map((name) => `--${name}`)
  if (command === 'liveness' && given.length > 0)
    throw new Error(`liveness is one measurement of its own: it takes no ${given.join(' and no ')}`)
  const { runs, keep, mutant, trace, seed = 1, ...options } = values
  const isOne = keep !== undefined || trace === true
  if (isOne && runs !== undefined) throw new Error('--trace and --keep show one run: they take --seed, and no --runs')
  return {
    command,
    runs: runs ?? (isOne ? 1 : 1000),
    options: { seed, ...options },
    keep: keep === undefined ? undefined : new Set(keep.split(',')),
    mutant,
    trace: isOne,
  }
}

/** The options as the command line has them. */
export function commandOf({ seed, ...rest }: PlanOptions, more: Record<string, string | undefined>): string {
  const named = { seed: String(seed), ...rest, ...more }
  const words = Object.entries(named).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name} ${quoted(value)}`],
  )
  return `pnpm simulate ${words.join(' ')}`
}

const quoted = (word: string) => (/^[\w.,-]+$/.test(word) ? word : `'${word}'`)
