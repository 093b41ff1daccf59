import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { findNode } from './node.js'

/** What the command is told. */
export interface Arguments {
  port: number
  environments: number
  timeoutMs: number
  /** The Node binary. */
  node: string
  /** The database file; undefined is a temporary one. */
  database: string | undefined
}

export const USAGE = `pnpm lambda:local [options]

Serves the booking service as it is deployed: its bundle, in Amazon's Lambda runtime loop, in processes that are frozen
between invocations and killed at their timeout. The lease is on a DynamoDB API in memory.

  --port <n>            where it listens on 127.0.0.1 (3000); 0 is any free one
  --environments <n>    so many execution environments at most (4)
  --timeout <ms>        after so long an invocation is killed (15000, as infra/ has it)
  --node <20|24|path>   the Node of the functions (Lambda's 24 where it is here, else this one)
  --database <file>     is kept (a temporary one, which is not)
  --help
`

/**
 * Reads the command line.
 *
 * @returns undefined where help is asked for
 * @throws Error naming the option, its value and what is expected
 */
export function readArguments(args: readonly string[]): Arguments | undefined {
  const { values } = parseArgs({
    args: args.filter((it) => it !== '--'),
    options: {
      port: { type: 'string', default: '3000' },
      environments: { type: 'string', default: '4' },
      timeout: { type: 'string', default: '15000' },
      node: { type: 'string' },
      database: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return undefined
  return {
    port: wholeNumber('port', values.port, 0, 65_535),
    environments: wholeNumber('environments', values.environments, 1, 1000),
    timeoutMs: wholeNumber('timeout', values.timeout, 1, 900_000),
    node: findNode(values.node),
    database: values.database === undefined ? undefined : databaseFile(values.database),
  }
}

function wholeNumber(name: string, value: string, from: number, to: number): number {
  const number = Number(value)
  if (/^\d+$/.test(value) && number >= from && number <= to) return number
  throw new Error(`--${name} ${value}: expected a whole number from ${from} to ${to}`)
}

function databaseFile(value: string): string {
  const path = resolve(value)
  if (existsSync(dirname(path))) return path
  throw new Error(`--database ${value}: there is no folder ${dirname(path)}`)
}
