import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { unionMembers } from '../src/errors-page.js'
import { eventsOf, rowsUnder } from '../src/events-page.js'
import { TOP } from '../src/pages.js'

const read = (path: string) => readFileSync(join(TOP, path), 'utf8')
const page = read('docs/observability.md')

test.each([
  { union: 'LeaseEvent', source: 'packages/lease/src/contract/events.ts', heading: 'Of the lease' },
  { union: 'DatabaseEvent', source: 'packages/database/src/contract/events.ts', heading: 'Of the file' },
])(
  'docs/observability.md has a row for each $union with all its fields, and no other',
  ({ union, source, heading }) => {
    const events = eventsOf(read(source), union)
    expect(Object.keys(events).length).toBeGreaterThan(3)
    expect(rowsUnder(page, heading)).toEqual(events)
  },
)

test('it has a row for each span, with attributes that are set somewhere, and all of these', () => {
  const rows = rowsUnder(page, 'Spans')
  expect(Object.keys(rows).toSorted()).toEqual(
    unionMembers(read('packages/database/src/contract/tracing.ts'), 'SpanName').toSorted(),
  )
  const folder = 'packages/database/src'
  const names = readdirSync(join(TOP, folder), { recursive: true, encoding: 'utf8' })
  const sources = names.filter((name) => name.endsWith('.ts')).map((name) => read(join(folder, name)))
  const set = sources.flatMap((source) => [...source.matchAll(/'(sqlite_efs\.\w+)'/g)].map(([, name]) => name))
  expect(new Set(Object.values(rows).flat())).toEqual(new Set(set))
})

test('it has a row for each metric', () => {
  const names = /const NAMES = \[([^\]]+)\]/.exec(
    read('packages/prisma-adapter/src/lambda/cloud-watch-metrics.ts'),
  )?.[1]
  const metrics = [...(names ?? '').matchAll(/'(\w+)'/g)].map(([, name = '']) => name)
  expect(Object.keys(rowsUnder(page, 'Metrics')).toSorted()).toEqual(metrics.toSorted())
})

test('a union of objects is read with all its members and their fields, and without its comments', () => {
  const source = `
/** Not { type: 'this' }. */
export type AnEvent =
  /** One: { a: b }. */
  | { type: 'one'; key: string; waitedMs: number }
  | {
      type: 'two'
      cause?: 'read' | 'recover'
    }

/** Another. */
export type Other = { type: 'three' }
`
  expect(eventsOf(source, 'AnEvent')).toEqual({ one: ['key', 'waitedMs'], two: ['cause'] })
})
