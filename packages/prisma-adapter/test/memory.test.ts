import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createLeaseTable } from '@sqlite-efs/lease'
import { startDynamoDB } from '@sqlite-efs/toolkit'
import { expect, test } from 'vitest'
import { Workbench } from './support/clients.js'

const PROGRAM = fileURLToPath(new URL('support/memory.ts', import.meta.url))
/** MEMORY_TIMES=20 does everything twenty times as often, and says what it found. */
const TIMES = Number(process.env['MEMORY_TIMES'] ?? 1)
const MIB = 2 ** 20

interface Report {
  before: NodeJS.MemoryUsage
  after: NodeJS.MemoryUsage
}

const TABLE = 'app-locks'

test.for<[string, string, number, string?]>([
  ['writes that share commits', '', 5_000],
  ['writes', '', 1_000],
  ['reads', '', 5_000],
  ['transactions', '', 1_000],
  ['writes', ', each under a lease of its own from DynamoDB,', 1_000, TABLE],
])('%s%s leave nothing behind in memory', { timeout: TIMES * 120_000 }, async ([what, , count, tableName]) => {
  await using bench = await new Workbench().migrate()
  await using dynamodb = await startDynamoDB()
  await createLeaseTable(dynamodb.config, TABLE)
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      '--expose-gc',
      '--conditions=@sqlite-efs/source',
      '--import',
      'tsx',
      PROGRAM,
      bench.file,
      what,
      String(count * TIMES),
      ...(tableName === undefined ? [] : [tableName]),
    ],
    { env: { ...process.env, ...dynamodb.env } },
  )
  if (TIMES > 1) process.stderr.write(`${stdout}\n`)
  const { before, after } = JSON.parse(stdout) as Report
  // What V8 learns while it runs is not much; two kilobytes each time would be more.
  expect(after.heapUsed - before.heapUsed).toBeLessThan(1.5 * MIB)
  expect(after.external - before.external).toBeLessThan(MIB)
  // Coarse: what V8 and malloc keep for later grows by up to 100 MiB on Node 24, and did before there was anything to leak.
  expect(after.rss - before.rss).toBeLessThan(160 * MIB)
})
