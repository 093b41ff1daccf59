import { commandLine, numberAbove0, parse, wholeNumber } from '@sqlite-efs/toolkit/arguments'
import type { Scenario } from './scenario.js'

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
 * @throws UsageError
 */
export function options(words: readonly string[], scenarios: readonly Pick<Scenario, 'name'>[]): Options {
  const command = commandLine('pnpm test:nfs', 'Plays scenarios on three Linux kernels and one NFSv4.1 server.')
    .argument('[scenario...]', 'names of scenarios, which may be cut short (default: all)')
    .option('--rounds <N>', "instead of each scenario's own number", wholeNumber('--rounds', 1))
    .option('--minutes <M>', 'how long torture lasts', numberAbove0('--minutes'), 3)
    .option('--hosts <1,2,3>', "the rig's guests that are the three hosts", threeHosts, [1, 2, 3])
    .option('--list', 'only name the scenarios', false)
    .option('--keep', 'leave the rig up', false)
  return parse(command, words, () => {
    const unknown = command.args.filter((name) => !scenarios.some((scenario) => scenario.name.startsWith(name)))
    if (unknown.length > 0) {
      const all = scenarios.map(({ name }) => name).join(', ')
      throw new Error(`There is no scenario ${unknown.join(', ')}. There are: ${all}.`)
    }
    return { rounds: undefined, ...command.opts<Omit<Options, 'names' | 'rounds'>>(), names: command.args }
  })
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

function threeHosts(text: string): number[] {
  const hosts = text.split(',').map(Number)
  if (new Set(hosts).size === 3 && hosts.every((host) => [1, 2, 3, 4, 5, 6].includes(host))) return hosts
  throw new Error(`--hosts must be three numbers from 1 to 6, like 1,2,3, not ${text || 'nothing'}`)
}
