import type { Chart } from './charts.js'

/** One line of a table: what was measured, and what was wanted. */
export interface Row {
  what: string
  /** One for each of the table's columns, ready to be shown. */
  cells: readonly string[]
  /** As the issue words it. Empty where there is none. */
  target: string
  /** Undefined where there is no target, or the measurement can't tell. */
  holds: boolean | undefined
  /** The part of the target that was reached, at the best that the measurement allows for: what the guard in CI looks at. */
  reached?: number
}

/** What a bench measured. */
export interface Table {
  title: string
  /** The heads of the cells. What was measured comes before them; target and verdict come after. */
  columns: readonly string[]
  rows: readonly Row[]
  /** What a reader has to know to take the numbers for no more than they are. */
  notes: readonly string[]
  charts?: readonly Chart[]
}

/** What a bench may use. */
export interface Context {
  /** A few seconds instead of minutes: for the guard in CI. */
  short: boolean
  /** A new empty folder on a disk (not in memory) that goes when the run is over. */
  folder(): string
  /** Tells who waits how far it is. */
  say(line: string): void
}

/** One table's measurement. */
export interface Bench {
  /** By which `pnpm bench` chooses it. */
  name: string
  title: string
  run(context: Context): Promise<Table>
}

/** A table in Markdown. */
export function markdownOf({ columns, rows, notes }: Table): string {
  const withTargets = rows.some(({ target }) => target !== '')
  const heads = ['', ...columns, ...(withTargets ? ['target', 'holds'] : [])]
  const lines = rows.map(({ what, cells, target, holds }) => [
    what,
    ...cells,
    ...(withTargets ? [target, target === '' ? '' : verdictOf(holds)] : []),
  ])
  const table = [heads, heads.map((_, index) => (index === 0 ? '---' : '---:')), ...lines]
  return [...table.map((cells) => `| ${cells.join(' | ')} |`), '', ...notes.map((note) => `- ${note}`)]
    .join('\n')
    .trimEnd()
}

const verdictOf = (holds: boolean | undefined) => (holds === undefined ? 'too close to tell' : holds ? 'yes' : '**no**')
