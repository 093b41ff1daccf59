// The measurement itself, in a process of its own: see main.ts, which bundles and starts it.

import { parseArguments, USAGE } from './arguments.js'
import { benches } from './benches.js'
import { writeReport } from './report.js'
import { Scratch } from './scratch.js'
import { markdownOf, type Table } from './table.js'

const { chosen, short, json, write, help } = parseArguments(process.argv.slice(2), benches)
if (help) {
  console.log(USAGE)
} else {
  using scratch = new Scratch()
  const tables: Table[] = []
  for (const bench of chosen) {
    console.error(`${bench.name}: ${bench.title}`)
    const table = await bench.run({
      short,
      folder: () => scratch.folder(),
      say: (line) => console.error(`  ${line}`),
    })
    tables.push(table)
    if (!json) console.log(`\n## ${table.title}\n\n${markdownOf(table)}\n`)
  }
  if (json) console.log(JSON.stringify(tables))
  if (write) writeReport(tables)
}
