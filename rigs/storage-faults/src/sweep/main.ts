// `pnpm faults`: every error at every call of every operation. `--operation read --kind write --short` take a part.
import { parseArgs } from 'node:util'
import { CALL_KINDS } from '../control.js'
import { buildShim } from '../shim.js'
import { results, wholePlan } from './plan.js'
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
const plan = wholePlan(!values.short)
const kinds = CALL_KINDS.filter((kind) => values.kind?.includes(kind) ?? true)
const sweep = new Sweep(shim.library)
const totals = { cases: 0, fired: 0, told: 0, unknown: 0, wrong: 0 }
try {
  await sweep.prepare()
  for await (const result of results({ ...plan, operations: values.operation ?? plan.operations, kinds }, (it) =>
    sweep.run(it),
  )) {
    totals.cases++
    totals.fired += result.fired > 0 ? 1 : 0
    totals.told += result.told.includes('Error ') ? 1 : 0
    totals.unknown += result.told.includes('COMMIT_UNKNOWN') ? 1 : 0
    totals.wrong += result.wrong.length > 0 ? 1 : 0
    if (result.wrong.length === 0 && !values.verbose) continue
    const { kinds: _, ...fault } = result.fault
    console.log(
      `${result.wrong.length > 0 ? 'WRONG' : 'well '} ${result.operation}${result.warm ? ', warm' : ''}: ${JSON.stringify(fault)} at ${result.where}\n  told: ${result.told}${result.wrong.map((it) => `\n  ${it}`).join('')}`,
    )
  }
} finally {
  await sweep.end()
  shim.remove()
}
console.log(JSON.stringify(totals))
process.exitCode = totals.wrong > 0 ? 1 : 0
