// `pnpm faults`: every error at every call of every operation. `--operation read --kind write --short` take a part.
import { parseArgs } from 'node:util'
import { CALL_KINDS } from '../control.js'
import { LineSweep } from '../line-sweep/line-sweep.js'
import { buildShim } from '../shim.js'
import { linePlan, type Plan, results, wholePlan } from './plan.js'
import { Sweep } from './sweep.js'

const { values } = parseArgs({
  options: {
    operation: { type: 'string', multiple: true },
    kind: { type: 'string', multiple: true },
    short: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
})
const shim = buildShim()
if ('missing' in shim) throw new Error(`Faults can't be made here: ${shim.missing}.`)
const totals = { cases: 0, fired: 0, told: 0, unknown: 0, wrong: 0 }

async function sweepAll(plan: Plan, sweep: Sweep | LineSweep): Promise<void> {
  const isWanted = (name: string) => values.operation?.includes(name) ?? true
  const kinds = CALL_KINDS.filter((kind) => values.kind?.includes(kind) ?? true)
  try {
    await sweep.prepare()
    const part = { ...plan, operations: plan.operations.filter(isWanted), kinds }
    for await (const result of results(part, (it) => sweep.run(it))) {
      totals.cases++
      totals.fired += result.fired > 0 ? 1 : 0
      totals.told += result.told.includes('Error ') ? 1 : 0
      totals.unknown += result.told.includes('COMMIT_UNKNOWN') ? 1 : 0
      totals.wrong += result.wrong.length > 0 ? 1 : 0
      if (result.wrong.length === 0 && !values.verbose) continue
      console.log(
        `${result.wrong.length > 0 ? 'WRONG' : 'well '} ${result.operation}${result.warm ? ', warm' : ''}: ${JSON.stringify(result.fault)} at ${result.where}\n  told: ${result.told}${result.wrong.map((it) => `\n  ${it}`).join('')}`,
      )
    }
  } finally {
    await sweep.end()
  }
}

try {
  await sweepAll(linePlan(!values.short), new LineSweep(shim.library))
  await sweepAll(wholePlan(!values.short), new Sweep(shim.library))
} finally {
  shim.remove()
}
console.log(JSON.stringify(totals))
process.exitCode = totals.wrong > 0 ? 1 : 0
