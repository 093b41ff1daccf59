import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { launch } from '../src/launch.js'
import type { Table } from '../src/report/table.js'

/** So much of each target has to be within reach of what was measured, in seconds and on a busy machine. */
const SLACK = 0.75

/** More of it where it is exceeded by so much that half of the throughput could go unnoticed; less where it is just reached. */
const AT_LEAST: Readonly<Record<string, number>> = {
  '100 rows': 1.1,
  '10,000 rows': 1.05,
  'findMany with include, 20 orders of 3 items': 0.9,
  'a page and its count, `$transaction([findMany, count])`': 0.6,
}

const TABLES = { 'adapter-reads': 4, 'client-reads': 4, 'client-writes': 5, 'writes-at-once': 1, growth: 2 }

test('what is promised of reads and writes beside adapter-libsql holds, but for noise', {
  timeout: 120_000,
}, async () => {
  const program = await launch(['--short', '--json', ...Object.keys(TABLES)], ['ignore', 'pipe', 'inherit'])
  const [answer, [code]] = await Promise.all([text(program.stdout!), once(program, 'exit')])
  // A contestant that fails leaves its table out.
  expect(code).toBe(0)
  const tables = JSON.parse(answer) as Table[]
  expect(tables.map(({ rows }) => rows.length)).toEqual(Object.values(TABLES))
  const rows = tables.flatMap((table) => table.rows)
  expect(rows.map(({ what }) => what)).toEqual(expect.arrayContaining(Object.keys(AT_LEAST)))
  // Without a disk that is waited for one of them has no target.
  const judged = rows.filter(({ target }) => target !== '')
  const missed = judged.filter(({ what, reached = 0 }) => reached < (AT_LEAST[what] ?? SLACK))
  expect(missed).toEqual([])
})
