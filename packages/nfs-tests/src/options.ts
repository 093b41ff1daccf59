import { parseArgs } from 'node:util'

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

/** @throws Error that names what is wrong */
export function options(words: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      minutes: { type: 'string', default: '3' },
      hosts: { type: 'string', default: '1,2,3' },
      list: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  })
  const hosts = values.hosts.split(',').map(Number)
  if (new Set(hosts).size !== 3 || hosts.some((host) => ![1, 2, 3, 4, 5, 6].includes(host))) {
    throw new Error(`--hosts ${values.hosts} can't be used: three numbers from 1 to 6 are wanted, like 1,2,3.`)
  }
  return {
    names: positionals,
    rounds: values.rounds === undefined ? undefined : positive('rounds', values.rounds),
    minutes: positive('minutes', values.minutes),
    hosts,
    list: values.list,
    keep: values.keep,
  }
}

function positive(option: string, value: string): number {
  if (Number(value) > 0) return Number(value)
  throw new Error(`--${option} ${value} can't be used: a number larger than 0 is wanted.`)
}
