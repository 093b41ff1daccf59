// The measurement itself, in a process of its own: see launch.ts, which bundles and starts it.
import { parseArguments, usage } from './arguments.js'
import { benches } from './benches.js'
import { fsyncMs } from './disk.js'
import { writeReport } from './report.js'
import { Scratch } from './scratch.js'
import { markdownOf, type Table } from './table.js'

async function main(): Promise<number> {
  const { chosen, short, json, write, help } = parseArguments(process.argv.slice(2), benches)
  if (help) {
    console.log(usage(benches))
    return 0
  }
  using scratch = new Scratch()
  const context = { short, folder: () => scratch.folder(), say: (line: string) => console.error(`  ${line}`) }
  const tables: Table[] = []
  for (const bench of chosen) {
    console.error(`${bench.name}: ${bench.title}`)
    const table = await bench.run(context)
    tables.push(table)
    if (!json) console.log(`\n## ${table.title}\n\n${markdownOf(table)}\n`)
  }
  if (json) console.log(JSON.stringify(tables))
  if (write) writeReport(tables, fsyncMs(scratch.folder()))
  return 0
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error)
  process.exitCode = 1
}
