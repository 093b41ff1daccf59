// Checks the model of the lease, every configuration of it: `pnpm model --help`.
import { commandLine, parse, runProgram, wholeNumber } from '@sqlite-efs/toolkit/arguments'
import { type Configuration, MUTANTS, PROTOCOL, WITHOUT_HEAD_ONLY } from './configurations.js'
import { missingTools, search, type Verdict } from './spin.js'

interface Values {
  large: boolean
  trails: boolean
  only: string
  memoryMb: number
}

let checked = 0
let failures = 0

/** @throws UsageError */
function parseArguments(words: readonly string[]): Values {
  const command = commandLine('pnpm model', 'Checks every configuration of the model of the lease.')
    .option('--large', 'also those that need minutes and gigabytes', false)
    .option('--trails', "show each mutant's way to its violation", false)
    .option('--only <words>', 'those whose name or flags have these words', '')
    .option('--memory-mb <MB>', 'most memory of a search', wholeNumber('--memory-mb', 1), 12_000)
  return parse(command, words, () => command.opts<Values>())
}

async function check(configurations: Configuration[], mustHold: boolean, values: Values): Promise<void> {
  for (const { name, flags, isLarge } of configurations) {
    const isChosen = `${name} ${flags.join(' ')}`.includes(values.only)
    if (!isChosen || (isLarge && !values.large)) continue
    const verdict = await search(flags, values)
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

async function main(values: Values): Promise<number> {
  const missing = missingTools()
  if (missing !== undefined) {
    console.error(missing)
    return 1
  }
  console.log('| configuration | result | depth | states | MB | s |\n|---|---|---|---|---|---|')
  await check([...PROTOCOL, WITHOUT_HEAD_ONLY], true, values)
  await check(MUTANTS, false, values)
  if (checked === 0) console.error(`No configuration has --only ${values.only}.`)
  if (failures > 0) console.error(`${failures} of the configurations above came out wrong.`)
  return checked === 0 || failures > 0 ? 1 : 0
}

process.exitCode = await runProgram(() => parseArguments(process.argv.slice(2)), main)
