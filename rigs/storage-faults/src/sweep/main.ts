// `pnpm faults`: every error at every call of every operation. `--operation read --kind write --short` take a part.
import { parseArgs } from 'node:util'
import { CALL_KINDS } from '../control.js'
import { LineSweep } from '../line-sweep/line-sweep.js'
import { buildShim } from '../shim.js'
import type { Result } from './cases.js'
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

function count(result: Result): void {
  const { operation, warm, fault, where, told, wrong, fired } = result
  totals.cases++
  totals.fired += fired > 0 ? 1 : 0
  totals.told += told.includes('Error ') ? 1 : 0
  totals.unknown += told.includes('COMMIT_UNKNOWN') ? 1 : 0
  totals.wrong += wrong.length > 0 ? 1 : 0
  if (wrong.length === 0 && !values.verbose) return
  const how = wrong.length > 0 ? 'WRONG' : 'well '
  const what = `${operation}${warm ? ', warm' : ''}: ${JSON.stringify(fault)} at ${where}`
  console.log([`${how} ${what}`, `told: ${told}`, ...wrong].join('\n  '))
}

async function sweepAll(plan: Plan, sweep: Sweep | LineSweep): Promise<void> {
  const isWanted = (name: string) => values.operation?.includes(name) ?? true
  const kinds = CALL_KINDS.filter((kind) => values.kind?.includes(kind) ?? true)
  try {
    await sweep.prepare()
    const part = { ...plan, operations: plan.operations.filter(isWanted), kinds }
    for (const operation of part.operations) {
      const before = { ...totals }
      for await (const result of results({ ...part, operations: [operation] }, (it) => sweep.run(it))) count(result)
      const those = Object.entries(totals).map(
        ([name, value]) => `${value - before[name as keyof typeof totals]} ${name}`,
      )
      console.log(`${operation}: ${those.join(', ')}`)
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
