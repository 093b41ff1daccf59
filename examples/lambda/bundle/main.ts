// Bundles the functions into dist/<target>, and prints how large they are.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { bundle } from './bundle.js'
import type { Size } from './sizes.js'
import { TARGETS } from './target.js'

const DIST = fileURLToPath(new URL('../dist', import.meta.url))

const { values } = parseArgs({ options: { target: { type: 'string', default: TARGETS[0] } } })
const target = TARGETS.find((name) => name === values.target)
if (!target) throw new Error(`--target ${values.target}: expected ${TARGETS.join(' or ')}`)

const { functions } = await bundle({ target, folder: join(DIST, target) })
for (const [name, report] of Object.entries(functions)) {
  console.log(row(`${name} (${target})`, report))
  for (const [part, size] of Object.entries(report.parts)) console.log(row(`  ${part}`, size))
}

function row(name: string, { bytes, zippedBytes }: Size): string {
  return `${name.padEnd(28)} ${megabytes(bytes)} MB, zipped ${megabytes(zippedBytes)} MB`
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(2).padStart(6)
}
