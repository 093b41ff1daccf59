// Checks the model of the lease, every configuration of it: `pnpm model`. --large adds the configurations that need minutes
// and gigabytes, --trails shows each mutant's way to its violation, --only <words> takes those whose name or flags have them.
import { parseArgs } from 'node:util'
import { type Configuration, MUTANTS, PROTOCOL, WITHOUT_HEAD_ONLY } from './configurations.js'
import { missingTools, search, type Verdict } from './spin.js'

const USAGE = 'pnpm model [--large] [--trails] [--only <words>] [--memory-mb 12000]'

const values = parsed()
const limits = { memoryMb: Number(values['memory-mb']) }
let checked = 0
let failures = 0

/** The options; what is wrong with them ends the process. */
function parsed() {
  try {
    const { values } = parseArgs({
      args: process.argv.slice(2).filter((it) => it !== '--'),
      options: {
        large: { type: 'boolean', default: false },
        trails: { type: 'boolean', default: false },
        only: { type: 'string', default: '' },
        'memory-mb': { type: 'string', default: '12000' },
      },
    })
    if (/^[1-9]\d*$/.test(values['memory-mb'])) return values
    throw new Error(`--memory-mb must be a whole number, at least 1, not ${values['memory-mb'] || 'nothing'}`)
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`)
    process.exit(2)
  }
}

async function check(configurations: Configuration[], mustHold: boolean): Promise<void> {
  for (const { name, flags, isLarge } of configurations) {
    const isChosen = `${name} ${flags.join(' ')}`.includes(values.only)
    if (!isChosen || (isLarge && !values.large)) continue
    const verdict = await search(flags, limits)
    checked++
    const isRight = (verdict.violation === undefined) === mustHold
    if (!isRight) failures++
    console.log(row(`${isRight ? '' : 'WRONG: '}${name} (\`${flags.join(' ')}\`)`, verdict))
    if (verdict.trail.length > 0 && (values.trails || mustHold)) {
      console.log(verdict.trail.map((action) => `    ${action}`).join('\n'))
    }
  }
}

function row(what: string, { violation, depth, states, memoryMb, seconds }: Verdict): string {
  const result = violation === undefined ? 'holds' : `violated: \`${violation}\``
  const cells = [what, result, depth, states.toLocaleString('en-US'), Math.round(memoryMb), seconds.toFixed(1)]
  return `| ${cells.join(' | ')} |`
}

const missing = missingTools()
if (missing !== undefined) {
  console.error(missing)
  process.exitCode = 1
} else {
  console.log('| configuration | result | depth | states | MB | s |\n|---|---|---|---|---|---|')
  await check([...PROTOCOL, WITHOUT_HEAD_ONLY], true)
  await check(MUTANTS, false)
  if (checked === 0) console.error(`No configuration has --only ${values.only}.`)
  if (failures > 0) console.error(`${failures} of the configurations above came out wrong.`)
  if (checked === 0 || failures > 0) process.exitCode = 1
}
