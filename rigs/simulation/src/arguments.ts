import { parseArgs } from 'node:util'
import type { FileLocks } from './file.js'
import type { Bias, PlanOptions, Skew } from './plan.js'

export const USAGE = `pnpm simulate [--runs N] [--seed S]   N runs, from seed S on (default 1000, from 1)
  --skew beyond              clocks further apart than is allowed: violations are expected
  --bias <kind>              more of one kind: long holds, slow joins, slow commits, freezes, wrong clocks, lost tables,
                             locked file
  --locks <what>             SQLite's file locks: kept, off, or dropped after a silence (default: by the seed)
  --mutant <name>            with one rule of the protocol taken away
  --keep <name,name,...>     only what has one of these names takes part; with --seed, shows one run
  --trace                    shows what happens in the run of --seed
pnpm simulate liveness       the pace of a line in which some die or give up`

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

/** @throws Error which says what is wrong */
export function parseArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: args.filter((it) => it !== '--'),
    allowPositionals: true,
    options: {
      runs: { type: 'string' },
      seed: { type: 'string' },
      skew: { type: 'string' },
      bias: { type: 'string' },
      locks: { type: 'string' },
      mutant: { type: 'string' },
      keep: { type: 'string' },
      trace: { type: 'boolean', default: false },
    },
  })
  const [command = 'runs', ...rest] = positionals
  if ((command !== 'runs' && command !== 'liveness') || rest.length > 0)
    throw new Error(`What is ${positionals.join(' ')}?`)
  const given = Object.entries(values).flatMap(([name, value]) => (value === false ? [] : [`--${name}`]))
  if (command === 'liveness' && given.length > 0)
    throw new Error(`liveness is one measurement of its own: it takes no ${given.join(' and no ')}`)
  const skew = oneOf('skew', values.skew, SKEWS)
  const bias = oneOf('bias', values.bias, BIASES)
  const locks = oneOf('locks', values.locks, LOCKS)
  const alone = values.keep !== undefined || values.trace
  if (alone && values.runs !== undefined)
    throw new Error('--trace and --keep show one run: they take --seed, and no --runs')
  return {
    command,
    runs: whole('runs', values.runs, alone ? 1 : 1000, 1),
    options: {
      seed: whole('seed', values.seed, 1, 0),
      ...(skew && { skew }),
      ...(bias && { bias }),
      ...(locks && { locks }),
    },
    keep: values.keep === undefined ? undefined : new Set(values.keep.split(',')),
    mutant: values.mutant,
    trace: alone,
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

function whole(name: string, value: string | undefined, otherwise: number, atLeast: number): number {
  if (value === undefined) return otherwise
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
  // Beyond that two seeds would be one.
  if (Number.isSafeInteger(number) && number >= atLeast) return number
  throw new Error(`--${name} must be a whole number, at least ${atLeast}, not ${value}`)
}

function oneOf<T extends string>(name: string, value: string | undefined, choices: readonly T[]): T | undefined {
  if (value === undefined) return undefined
  const choice = choices.find((it) => it === value)
  if (choice === undefined) throw new Error(`--${name} must be one of ${choices.join(', ')}, not ${value}`)
  return choice
}
