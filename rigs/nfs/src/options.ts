import { parseArgs } from 'node:util'
import type { Scenario } from './scenario.js'

export const USAGE =
  'pnpm test:nfs [scenario...] [--rounds N] [--minutes M] [--hosts 1,2,3] [--list] [--keep]   (names may be cut short)'

/** What a run was asked for. */
export interface Options {
  /** The scenarios whose names begin so; all, where there are none. */
  names: string[]
  /** Instead of each scenario's own number. */
  rounds: number | undefined
  /** How long torture lasts. */
  minutes: number
  /** The rig's guests that are the three hosts: a second run at the same time takes others. */
  hosts: number[]
  list: boolean
  /** Whether the rig stays up. */
  keep: boolean
}

/**
 * @param scenarios all there are
 * @throws Error that names what is wrong
 */
export function options(words: readonly string[], scenarios: readonly Pick<Scenario, 'name'>[]): Options {
  const { values, positionals } = parseArgs({
    args: words.filter((it) => it !== '--'),
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      minutes: { type: 'string', default: '3' },
      hosts: { type: 'string', default: '1,2,3' },
      list: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  })
  const unknown = positionals.filter((name) => !scenarios.some((scenario) => scenario.name.startsWith(name)))
  if (unknown.length > 0) {
    const all = scenarios.map(({ name }) => name).join(', ')
    throw new Error(`There is no scenario ${unknown.join(', ')}. There are: ${all}.`)
  }
  const hosts = values.hosts.split(',').map(Number)
  if (new Set(hosts).size !== 3 || hosts.some((host) => ![1, 2, 3, 4, 5, 6].includes(host))) {
    throw new Error(`--hosts ${values.hosts} can't be used: three numbers from 1 to 6 are wanted, like 1,2,3.`)
  }
  return {
    names: positionals,
    rounds: values.rounds === undefined ? undefined : whole('rounds', values.rounds),
    minutes: positive('minutes', values.minutes),
    hosts,
    list: values.list,
    keep: values.keep,
  }
}

/** The scenarios that were asked for. */
export function chosen(
  scenarios: readonly Scenario[],
  { names, rounds }: Pick<Options, 'names' | 'rounds'>,
): Scenario[] {
  return scenarios
    .filter(({ name }) => names.length === 0 || names.some((it) => name.startsWith(it)))
    .map((scenario) => ({ ...scenario, rounds: rounds ?? scenario.rounds }))
}

function positive(option: string, value: string): number {
  const number = value.trim() === '' ? Number.NaN : Number(value)
  if (Number.isFinite(number) && number > 0) return number
  throw new Error(`--${option} ${value} can't be used: a number larger than 0 is wanted.`)
}

function whole(option: string, value: string): number {
  if (/^[1-9]\d*$/.test(value)) return Number(value)
  throw new Error(`--${option} ${value} can't be used: a whole number from 1 on is wanted.`)
}
