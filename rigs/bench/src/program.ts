// The measurement itself, in a process of its own: see launch.ts, which bundles and starts it.
import { runProgram } from '@sqlite-efs/toolkit/arguments'
import { type Arguments, parseArguments } from './arguments.js'
import { benches } from './benches.js'
import { fsyncMs } from './machine/disk.js'
import { Scratch } from './machine/scratch.js'
import { CONTESTANT, takePart } from './race/contestant-process.js'
import { writeReport } from './report/report.js'
import { markdownOf, type Table } from './report/table.js'

async function main({ chosen, short, json, write }: Arguments): Promise<number> {
  using scratch = new Scratch()
  const context = { short, folder: () => scratch.folder(), say: (line: string) => console.error(`  ${line}`) }
  const pageMs = fsyncMs(scratch.folder())
  const tables: Table[] = []
  const failed: string[] = []
  for (const bench of chosen) {
    console.error(`${bench.name}: ${bench.title}`)
    try {
      const table = await bench.run(context)
      tables.push(table)
      if (!json) console.log(`\n## ${table.title}\n\n${markdownOf(table)}\n`)
    } catch (error) {
      // What was measured so far has cost minutes.
      console.error(error)
      failed.push(bench.title)
    }
    if (write) writeReport({ tables, failed, fsyncMs: pageMs })
  }
  if (json) console.log(JSON.stringify(tables))
  return failed.length > 0 ? 1 : 0
}

try {
  const [first, second] = process.argv.slice(2)
  if (first === CONTESTANT) await takePart(second!)
  else process.exitCode = await runProgram(() => parseArguments(process.argv.slice(2), benches), main)
} catch (error) {
  console.error(error)
  process.exitCode = 1
}
