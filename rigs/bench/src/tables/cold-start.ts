import { join } from 'node:path'
import { PrismaSqliteEfs } from 'prisma-adapter-sqlite-efs'
import type { ColdStart } from '../cold-start/first-query.js'
import { type Bundle, bundleOf, coldStart as startCold } from '../cold-start/measure.js'
import { filling, SCHEMA } from '../contestants/schema.js'
import { medianOf, quantile } from '../race/measure.js'
import type { Bench, Context, Row } from '../report/table.js'

const STARTS = 60
const ALLOWED_KB = 25
const ALLOWED_MS = 10

/** What a new process takes until its first answer, with each adapter in the same bundle. */
export const coldStart: Bench = {
  name: 'cold-start',
  title: 'Cold start: import, connect, first query',
  async run(context) {
    const database = await makeDatabase(context)
    await using libsql = await bundleOf('libsql')
    await using withSdk = await bundleOf('libsql-and-sdk')
    await using ours = await bundleOf('ours')
    const all = [libsql, withSdk, ours].map((bundle) => ({ bundle, starts: [] as ColdStart[] }))
    // The first round brings the files into the page cache.
    for (let round = -1; round < (context.short ? 5 : STARTS); round++) {
      for (const { bundle, starts } of all) {
        const start = await startCold(bundle, database)
        if (round >= 0) starts.push(start)
      }
    }
    const [plain, sdk, own] = all.map(({ starts }) => starts) as [ColdStart[], ColdStart[], ColdStart[]]
    const kilobytes = (ours.bytes - withSdk.bytes) / 1000
    const processorMs = medianOf(pairwise(own, sdk, 'processorMs'))
    const isWithin = kilobytes <= ALLOWED_KB && processorMs.low <= ALLOWED_MS
    const rows: Row[] = [
      rowOf('adapter-libsql', libsql, plain),
      rowOf("adapter-libsql and the AWS SDK's DynamoDB client", withSdk, sdk),
      rowOf('sqlite-efs', ours, own),
      {
        what: 'what the SDK adds',
        cells: [kb(withSdk.bytes - libsql.bytes), ...differences(sdk, plain)],
        target: '',
        holds: undefined,
      },
      {
        what: 'what our code adds, in place of the code of adapter-libsql',
        cells: [kb(ours.bytes - withSdk.bytes), ...differences(own, sdk)],
        target: `at most ${ALLOWED_KB} KB and ${ALLOWED_MS} ms`,
        holds: isWithin && processorMs.high > ALLOWED_MS ? undefined : isWithin,
      },
    ]
    return {
      title: coldStart.title,
      columns: ['bundle, minified', 'imported after', 'connected', 'first row', 'processor time'],
      rows,
      notes: [
        `Each a new process, ${own.length} of each in alternation: the medians, from the start of the process, Node's own start included. What is added is the median of the differences between neighbours in time.`,
        "A bundle as examples/lambda/bundle makes it: Prisma's client and its query compiler (4.6 MB of it) are in all of them, and libsql beside them.",
        `The verdict is by processor time, what the process itself used: the clock also counts what else the machine does. Our code adds ${ms(processorMs.low)} to ${ms(processorMs.high)} of it with a confidence of 95%.`,
      ],
    }
  },
}

async function makeDatabase(context: Context): Promise<string> {
  const path = join(context.folder(), 'shop.db')
  const connection = await new PrismaSqliteEfs({ url: `file:${path}`, lease: 'local' }).connect()
  await connection.executeScript(SCHEMA)
  await connection.executeScript(filling(100))
  await connection.dispose()
  return path
}

const figures = ['importedMs', 'connectedMs', 'queriedMs', 'processorMs'] as const

type Figure = (typeof figures)[number]

const rowOf = (what: string, { bytes }: Bundle, starts: readonly ColdStart[]): Row => ({
  what,
  cells: [
    kb(bytes),
    ...figures.map((figure) =>
      ms(
        quantile(
          starts.map((it) => it[figure]),
          0.5,
        ),
      ),
    ),
  ],
  target: '',
  holds: undefined,
})

const differences = (starts: readonly ColdStart[], others: readonly ColdStart[]) =>
  figures.map((figure) => ms(difference(starts, others, figure)))

const difference = (...of: Parameters<typeof pairwise>) => quantile(pairwise(...of), 0.5)

const pairwise = (starts: readonly ColdStart[], others: readonly ColdStart[], figure: Figure) =>
  starts.map((it, i) => it[figure] - others[i]![figure])

const kb = (bytes: number) => `${(bytes / 1000).toFixed(0)} KB`
const ms = (value: number) => `${value.toFixed(0)} ms`
