import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { launch } from '../src/launch.js'
import type { Table } from '../src/table.js'

/** So much of each target has to be within reach of what was measured, in seconds and on a busy machine. */
const SLACK = 0.75

/** What is missed for a reason that docs/benchmarks.md tells must not get worse. */
const SLACK_OF: Readonly<Record<string, number>> = { 'the same, immediate, our default': 0.35 }

test('what is promised of reads and writes beside adapter-libsql holds, but for noise', {
  timeout: 120_000,
}, async () => {
  const program = await launch(
    ['--short', '--json', 'adapter-reads', 'client-reads', 'client-writes', 'writes-at-once', 'growth'],
    ['ignore', 'pipe', 'inherit'],
  )
  const [answer] = await Promise.all([text(program.stdout!), once(program, 'exit')])
  const rows = (JSON.parse(answer) as Table[]).flatMap((table) => table.rows)
  expect(rows.length).toBeGreaterThan(10)
  const missed = rows.filter(({ what, reached = 1 }) => reached < (SLACK_OF[what] ?? SLACK))
  expect(missed).toEqual([])
})
