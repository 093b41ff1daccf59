import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commit, machine, versionOf } from '../machine/machine.js'
import { PACKAGE } from '../sources.js'
import { type Chart, svgOf } from './charts.js'
import { markdownOf, type Table } from './table.js'

const DOCS = join(PACKAGE, '../../docs')
const chartFile = ({ name }: Chart) => `images/bench-${name}.svg`

/** What a run has to tell. */
export interface Report {
  tables: readonly Table[]
  /** The titles of those that came to no end. */
  failed: readonly string[]
  /** What a page and its fsync take. */
  fsyncMs: number
}

/** Writes docs/benchmarks.md and its charts. */
export function writeReport(report: Report): void {
  const { tables } = report
  mkdirSync(join(DOCS, 'images'), { recursive: true })
  for (const chart of tables.flatMap(({ charts = [] }) => charts)) {
    writeFileSync(join(DOCS, chartFile(chart)), svgOf(chart))
  }
  writeFileSync(join(DOCS, 'benchmarks.md'), reportOf(report))
}

/** The page. */
export function reportOf({ tables, failed, fsyncMs }: Report): string {
  return `${[HEAD, circumstances(fsyncMs), verdict(tables, failed), ...tables.map(section), FOOT].join('\n\n')}\n`
}

const HEAD = `# Benchmarks

\`pnpm bench\` wrote this page: it measures side by side, in one run, and is to be judged by its ratios. Another machine has other
numbers for an operation, and about the same ratios. Each adapter has a process and a database of its own: adapter-libsql leaves a connection to the
garbage collector after each transaction, and beside 5,000 open files an empty transaction of ours took 80 µs instead of 30. Each contestant has a turn in every round, in an order that is drawn
for each, and a ratio is that of two turns of the same round. Given is the median of the rounds, and in brackets between what it lies with a confidence of 95%.
Where that reaches from one side of the target to the other, it is "too close to tell".`

function circumstances(fsyncMs: number): string {
  const code = commit()
  return [
    '| | |',
    '| --- | --- |',
    `| date | ${new Date().toISOString().slice(0, 10)} |`,
    ...(code ? [`| code | as of the commit ${code} |`] : []),
    `| machine | ${machine()} |`,
    `| disk | a page and its fsync take ${fsyncMs.toFixed(2)} ms |`,
    `| Node | ${process.version}, all of it in one module (libsql and Prisma's adapters as they are installed) |`,
    `| Prisma | client ${versionOf('@prisma/client')} |`,
    `| sqlite-efs | ${versionOf('prisma-adapter-sqlite-efs')}, libsql ${versionOf('libsql')} |`,
    `| adapter-libsql | \`@prisma/adapter-libsql\` ${versionOf('@prisma/adapter-libsql')}, @libsql/client ${versionOf('@libsql/client', '@prisma/adapter-libsql')} |`,
    `| adapter-better-sqlite3 | \`@prisma/adapter-better-sqlite3\` ${versionOf('@prisma/adapter-better-sqlite3')}, better-sqlite3 ${versionOf('better-sqlite3', '@prisma/adapter-better-sqlite3')} (it asks for 12, whose native part does not come from npm) |`,
  ].join('\n')
}

function verdict(tables: readonly Table[], failed: readonly string[]): string {
  const targets = tables.flatMap(({ title, rows }) =>
    rows.filter(({ target }) => target !== '').map((row) => ({ title, ...row })),
  )
  const of = (wanted: boolean | undefined) => targets.filter(({ holds }) => holds === wanted)
  const list = (wanted: boolean | undefined) => of(wanted).map(({ title, what }) => `- ${title}: ${what}`)
  return [
    `Held: ${of(true).length} of ${targets.length} targets.`,
    ...(of(undefined).length > 0
      ? ['', 'Too close to tell, or not to be told on this machine:', '', ...list(undefined)]
      : []),
    ...(failed.length > 0 ? ['', 'Came to no end in this run:', '', ...failed.map((title) => `- ${title}`)] : []),
    ...(of(false).length > 0 ? ['', 'Missed:', '', ...list(false)] : []),
  ].join('\n')
}

function section(table: Table): string {
  const images = (table.charts ?? []).map((chart) => `![${chart.alt.replaceAll('`', '')}](${chartFile(chart)})`)
  return [`## ${table.title}`, ...images, markdownOf(table)].join('\n\n')
}

const FOOT = `## Again, elsewhere

\`pnpm bench\` needs Node and an npm registry. \`pnpm bench client-reads\` runs one table and prints it; \`pnpm bench --help\` says
more. A short form guards the ratios in \`pnpm test\`, with slack for noise: [rigs/bench](../rigs/bench/test/ratios.test.ts).`
