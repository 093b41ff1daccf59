import { expect, test } from 'vitest'
import { parseArguments } from '../src/arguments.js'
import { benches } from '../src/benches.js'
import { svgOf } from '../src/report/charts.js'
import { reportOf } from '../src/report/report.js'
import { markdownOf, type Table } from '../src/report/table.js'

const table: Table = {
  title: 'Reads',
  columns: ['ours, /s'],
  rows: [
    { what: 'one', cells: ['3'], target: 'at least 2', holds: true },
    { what: 'two', cells: ['1'], target: 'at least 2', holds: false },
    { what: 'three', cells: ['2'], target: 'at least 2', holds: undefined },
    { what: 'four', cells: ['2'], target: '', holds: undefined },
  ],
  notes: ['So it is.'],
  charts: [
    {
      name: 'reads',
      kind: 'bars',
      title: 'Reads & more',
      unit: 'times',
      labels: ['one', 'two'],
      series: [{ name: 'ours', values: [3, undefined] }],
      alt: 'Ours reads `one` 3 times.',
    },
  ],
}

test('a table says of each target whether it holds, and nothing where there is none', () => {
  expect(markdownOf(table)).toBe(
    [
      '|  | ours, /s | target | holds |',
      '| --- | ---: | ---: | ---: |',
      '| one | 3 | at least 2 | yes |',
      '| two | 1 | at least 2 | **no** |',
      '| three | 2 | at least 2 | too close to tell |',
      '| four | 2 |  |  |',
      '',
      '- So it is.',
    ].join('\n'),
  )
})

test('the page begins with what is missed, and shows charts with a text in their place', () => {
  const page = reportOf({ tables: [table], failed: ['Writes'], fsyncMs: 1.5 })
  expect(page).toContain('Held: 1 of 3 targets.')
  expect(page).toContain('Missed:\n\n- Reads: two')
  expect(page).toContain(
    'too close to tell, or not to be told on this machine:\n\n- Reads: three'.replace('too', 'Too'),
  )
  expect(page).toContain('Came to no end in this run:\n\n- Writes')
  expect(page).toContain('![Ours reads one 3 times.](images/bench-reads.svg)')
  expect(page).toContain('a page and its fsync take 1.50 ms')
  expect(page).not.toContain('unknown')
})

test('a chart has what was measured in it, escaped, and its colours for the dark', () => {
  const svg = svgOf(table.charts![0]!)
  expect(svg).toContain('Reads &amp; more')
  expect(svg).toContain('prefers-color-scheme: dark')
  expect(svg.match(/class="quiet">3\.00</)).not.toBeNull()
  expect(svg).not.toMatch(/NaN|undefined|Infinity/)
})

test('only a whole run writes the docs, and a table that there is not is refused by naming those that there are', () => {
  const written = (...words: string[]) => parseArguments(words, benches).write
  expect([written(), written('growth'), written('--short'), written('--json')]).toEqual([true, false, false, false])
  expect(() => parseArguments(['reads'], benches)).toThrow('There is no table reads. There are: adapter-reads,')
})
