import { commandLine, parse } from '@sqlite-efs/toolkit/arguments'
import type { Bench } from './report/table.js'

/** What a run was asked for. */
export interface Arguments {
  chosen: readonly Bench[]
  short: boolean
  json: boolean
  /** Whether the docs are written: by a whole run only. */
  write: boolean
}

/** @throws UsageError */
export function parseArguments(words: readonly string[], benches: readonly Bench[]): Arguments {
  const command = commandLine(
    'pnpm bench',
    'Without a table it runs them all and writes docs/benchmarks.md and its charts; with some it prints those.',
  )
    .argument('[table...]', 'by their names, below')
    .option('--short', 'few samples', false)
    .option('--json', 'as JSON', false)
    .addHelpText('after', `\n${benches.map(({ name, title }) => `  ${name.padEnd(18)}${title}`).join('\n')}`)
  return parse(command, words, () => {
    const unknown = command.args.filter((name) => !benches.some((bench) => bench.name === name))
    if (unknown.length > 0) {
      const all = benches.map(({ name }) => name).join(', ')
      throw new Error(`There is no table ${unknown.join(', ')}. There are: ${all}.`)
    }
    const { short, json } = command.opts<{ short: boolean; json: boolean }>()
    const isWhole = command.args.length === 0
    const chosen = isWhole ? benches : benches.filter(({ name }) => command.args.includes(name))
    return { chosen, short, json, write: isWhole && !short && !json }
  })
}
