// `pnpm faults`: every error at every call of every operation. `--operation read --kind write --short` take a part.
import { commandLine, oneOf, parse, runProgram } from '@sqlite-efs/toolkit/arguments'
import { CALL_KINDS, type CallKind } from '../control.js'
import { LineSweep } from '../line-sweep/line-sweep.js'
import { buildShim } from '../shim.js'
import type { Result } from './cases.js'
import { linePlan, type Plan, results, wholePlan } from './plan.js'
import { Sweep } from './sweep.js'

interface Values {
  operation?: string[]
  kind?: CallKind[]
  short: boolean
  verbose: boolean
}

const totals = { cases: 0, fired: 0, told: 0, unknown: 0, wrong: 0 }

/** @throws UsageError */
function parseArguments(words: readonly string[]): Values {
  const several =
    <T extends string>(option: string, choices: readonly T[]) =>
    (text: string, before: readonly T[] = []) => [...before, oneOf(option, choices)(text)]
  const operations = [...linePlan(false).operations, ...wholePlan(false).operations]
  const command = commandLine('pnpm faults', 'Every error at every system call of every operation.')
    .option('--operation <name>', `one of ${operations.join(', ')}`, several('--operation', operations))
    .option('--kind <call>', `one of ${CALL_KINDS.join(', ')}`, several('--kind', CALL_KINDS))
    .option('--short', 'one error at some calls', false)
    .option('--verbose', 'show what went well too', false)
  return parse(command, words, () => command.opts<Values>())
}

async function main(values: Values): Promise<number> {
  const shim = buildShim()
  if ('missing' in shim) throw new Error(`Faults can't be made here: ${shim.missing}.`)
  try {
    await sweepAll(linePlan(!values.short), new LineSweep(shim.library), values)
    await sweepAll(wholePlan(!values.short), new Sweep(shim.library), values)
  } finally {
    shim.remove()
  }
  console.log(JSON.stringify(totals))
  return totals.wrong > 0 ? 1 : 0
}

async function sweepAll(plan: Plan, sweep: Sweep | LineSweep, { operation, kind, verbose }: Values): Promise<void> {
  const kinds = kind ?? CALL_KINDS
  try {
    await sweep.prepare()
    for (const name of plan.operations.filter((it) => operation?.includes(it) ?? true)) {
      const before = { ...totals }
      const part = { ...plan, operations: [name], kinds }
      for await (const result of results(part, (it) => sweep.run(it))) count(result, verbose)
      const those = Object.entries(totals).map(
        ([what, value]) => `${value - before[what as keyof typeof totals]} ${what}`,
      )
      console.log(`${name}: ${those.join(', ')}`)
    }
  } finally {
    await sweep.end()
  }
}

function count({ operation, warm, fault, where, told, wrong, fired }: Result, verbose: boolean): void {
  totals.cases++
  totals.fired += fired > 0 ? 1 : 0
  totals.told += told.includes('Error ') ? 1 : 0
  totals.unknown += told.includes('COMMIT_UNKNOWN') ? 1 : 0
  totals.wrong += wrong.length > 0 ? 1 : 0
  if (wrong.length === 0 && !verbose) return
  const how = wrong.length > 0 ? 'WRONG' : 'well '
  const what = `${operation}${warm ? ', warm' : ''}: ${JSON.stringify(fault)} at ${where}`
  console.log([`${how} ${what}`, `told: ${told}`, ...wrong].join('\n  '))
}

process.exitCode = await runProgram(() => parseArguments(process.argv.slice(2)), main)
