import { parseArgs } from 'node:util'
import type { Bench } from './table.js'

/** What `--help` says. */
export const usage = (benches: readonly Bench[]) => `pnpm bench [table...] [--short] [--json]

Without a table it runs them all and writes docs/benchmarks.md and its charts; with some it prints those.

${benches.map(({ name, title }) => `  ${name.padEnd(16)}${title}`).join('\n')}`

/** What a run was asked for. */
export interface Arguments {
  chosen: readonly Bench[]
  short: boolean
  json: boolean
  /** Whether the docs are written: by a whole run only. */
  write: boolean
  help: boolean
}

/** @throws Error that names the table that there is not, and those that there are */
export function parseArguments(words: readonly string[], benches: readonly Bench[]): Arguments {
  const { values, positionals } = parseArgs({
    args: words.filter((it) => it !== '--'),
    allowPositionals: true,
    options: {
      short: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name))
  if (unknown.length > 0) {
    const all = benches.map(({ name }) => name).join(', ')
    throw new Error(`There is no table ${unknown.join(', ')}. There are: ${all}.`)
  }
  const { short, json, help } = values
  const isWhole = positionals.length === 0
  const chosen = isWhole ? benches : benches.filter(({ name }) => positionals.includes(name))
  return { chosen, short, json, write: isWhole && !short && !json, help }
}
