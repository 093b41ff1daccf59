import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { numberInCode, optionRowsUnder, optionsOf } from '../src/options-page.js'
import { TOP } from '../src/pages.js'

const read = (path: string) => readFileSync(join(TOP, path), 'utf8')
const page = read('docs/options.md')

const TABLES = [
  { heading: 'Of the adapter', name: 'PrismaSqliteEfsOptions', source: 'options/options.ts', prefix: '' },
  { heading: 'Of the lease', name: 'LeaseOptions', source: 'options/lease-options.ts', prefix: 'lease.' },
  { heading: 'Of withLease', name: 'WithLeaseOptions', source: 'lambda/with-lease.ts', prefix: '' },
  {
    heading: 'Of the migration function',
    name: 'MigrationHandlerOptions',
    source: 'lambda/migration-handler.ts',
    prefix: '',
  },
]

test.each(TABLES)(
  'docs/options.md has a row for each of $name with its default, and no other',
  ({ heading, name, source, prefix }) => {
    const options = optionsOf(read(`packages/prisma-adapter/src/${source}`), name, prefix)
    expect(options).not.toEqual([])
    expect(optionRowsUnder(page, heading)).toEqual(options)
  },
)

test('the README of the adapter has the same options with the same defaults', () => {
  const readme = read('packages/prisma-adapter/README.md')
  const rows = [...optionRowsUnder(page, 'Of the adapter'), ...optionRowsUnder(page, 'Of the lease')]
  expect(optionRowsUnder(readme, 'Options')).toEqual(rows)
})

/** Where a default that a doc comment gives as a number is in the code. */
const NUMBERS = {
  ttlMs: 'packages/lease/src/contract/options.ts',
  maxClockSkewMs: 'packages/lease/src/contract/options.ts',
  timeoutMs: 'packages/database/src/file/options.ts',
  transactionTimeoutMs: 'packages/database/src/file/options.ts',
  maxHoldMs: 'packages/database/src/file/options.ts',
}

test('its numbers of milliseconds are those of the code', () => {
  const rows = optionRowsUnder(page, 'Of the lease').filter(({ defaultValue }) => /^\d/.test(defaultValue))
  const documented = Object.fromEntries(
    rows.map(({ name, defaultValue }) => [name.replace('lease.', ''), Number.parseInt(defaultValue, 10)]),
  )
  const code = Object.entries(NUMBERS).map(([name, source]) => [name, numberInCode(read(source), name)])
  expect(documented).toEqual(Object.fromEntries(code))
})

test.each([
  ['Of the migration function', 'packages/prisma-adapter/src/lambda/migration-handler.ts'],
  ['Of withLease', 'packages/database/src/process/open-invocation.ts'],
])('%s: its margin is that of the code', (heading, source) => {
  const marginMs = optionRowsUnder(page, heading).find(({ name }) => name === 'marginMs')
  expect(numberInCode(read(source), 'MARGIN_MS')).toBe(Number(marginMs?.defaultValue))
})

test('its PRAGMAs are those of the code', () => {
  const set = /SAFE_PRAGMAS: Pragmas = \{([^}]+)\}/.exec(read('packages/database/src/sql/pragmas.ts'))?.[1] ?? ''
  const code = [...set.matchAll(/^ {2}(\w+): (.+),$/gm)].map(([, name, value]) => `${name}: ${value?.replace('_', '')}`)
  const row = optionRowsUnder(page, 'Of the adapter').find(({ name }) => name === 'pragmas')
  expect(code.length).toBeGreaterThan(2)
  expect(row?.defaultValue).toBe(`\`{ ${code.join(', ')} }\``)
})

test('options are read with the default of their own comment, however it is laid out', () => {
  const source = `
/** Not { a: this }. */
export interface SomeOptions extends Pick<Others, 'b'> {
  /** Has to be given. */
  url: string
  /**
   * One of: { a: b }.
   *
   * @defaultValue 6000; with \`c\` another,
   * on two lines
   */
  ttlMs?: number
  /** Nothing is said. */
  onEvent?: (event: AnEvent) => void
  client?: Client
  /** In one line. @defaultValue \`'a'\` */
  mode?: 'a' | 'b'
}
`
  const options = [
    { name: 'x.url', defaultValue: 'required' },
    { name: 'x.ttlMs', defaultValue: '6000; with `c` another, on two lines' },
    { name: 'x.onEvent', defaultValue: 'none' },
    { name: 'x.client', defaultValue: 'none' },
    { name: 'x.mode', defaultValue: "`'a'`" },
  ]
  expect(optionsOf(source, 'SomeOptions', 'x.')).toEqual(options)
  const table = options.map(({ name, defaultValue }) => `| \`${name}\` | a \\| b | ${defaultValue} |\n`).join('')
  expect(
    optionRowsUnder(`## Other\n\n## One\n\n| option | | default |\n|---|---|---|\n${table}\n## Next\n`, 'One'),
  ).toEqual(options)
})

test('a number is found as a default or as an argument', () => {
  const source = "const { ttlMs = 6_000, timeoutMs = 5 } = options\nmilliseconds('maxHoldMs', options.maxHoldMs, 2_50)"
  expect(numberInCode(source, 'ttlMs')).toBe(6000)
  expect(numberInCode(source, 'maxHoldMs')).toBe(250)
  expect(numberInCode(source, 'holdMs')).toBeUndefined()
})
