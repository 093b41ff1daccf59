import { Metrics } from '@aws-lambda-powertools/metrics'
import { LeaseError } from '@sqlite-efs/lease'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { SqliteEfsEvent } from '../src/index.js'
import { type CloudWatchMetricsOptions, cloudWatchMetrics } from '../src/lambda/cloud-watch-metrics.js'
import { Workbench } from './support/clients.js'
import { breaches } from './support/embedded-metric-format.js'

const key = 'database#/mnt/efs/app.db'
const path = '/mnt/efs/app.db'
const acquired = (waitedMs: number): SqliteEfsEvent => ({ type: 'acquired', key, token: 7, waitedMs, waiting: 0 })
const commit = (commitMs: number): SqliteEfsEvent => ({
  type: 'commit',
  path,
  token: 7,
  statements: 1,
  rows: 1,
  fileBytes: 8192,
  waitedMs: 1,
  openMs: 1,
  commitMs,
})
const released: SqliteEfsEvent = { type: 'released', key, token: 7, heldMs: 3 }
const ALL: SqliteEfsEvent[] = [
  { type: 'waiting', key, position: 1, holder: 'alice' },
  { type: 'swept', key, ticket: 6, owner: 'alice' },
  acquired(40),
  { type: 'renewed', key, token: 7 },
  { type: 'recovery', path, token: 7, cause: 'read', waitedMs: 1, durationMs: 2 },
  { type: 'journal-restored', path, token: 7 },
  { type: 'read-window', by: 'lock', path, reads: 3, openMs: 1 },
  commit(5),
  commit(6.5),
  { type: 'yielded', key, token: 7, heldMs: 300, waiting: 1 },
  { type: 'lost', key, token: 8, heldMs: 6000, error: new LeaseError('LEASE_LOST', 'lost') },
  { type: 'conflict', path, token: 8, code: 'LEASE_LOST' },
  { type: 'gave-up', key, waitedMs: 5000, code: 'LEASE_TIMEOUT' },
]

/** Metrics whose lines are kept. */
function kept(options: CloudWatchMetricsOptions = {}) {
  const lines: string[] = []
  const listen = cloudWatchMetrics({ dimensions: { FunctionName: 'f' }, write: (line) => lines.push(line), ...options })
  return { listen, lines, values: () => lines.map(valuesOf) }
}

/** A line without its metadata. */
function valuesOf(line: string): Record<string, unknown> {
  const { _aws, ...values } = JSON.parse(line) as Record<string, unknown>
  return values
}

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

describe('cloudWatchMetrics', () => {
  test('writes a line of the Embedded Metric Format where the story of a lease ends', () => {
    const { listen, lines, values } = kept()
    for (const event of ALL) listen(event)
    expect(lines.flatMap(breaches)).toEqual([])
    expect(values()).toEqual([
      { FunctionName: 'f', Takeovers: 1, LeaseWait: 40, Recoveries: 1, Commits: 2, CommitTime: [5, 6.5] },
      { FunctionName: 'f', LostLeases: 1 },
      { FunctionName: 'f', Conflicts: 1 },
      { FunctionName: 'f', LeaseTimeouts: 1 },
    ])
    const { _aws: metadata } = JSON.parse(lines[0]!) as { _aws: { CloudWatchMetrics: unknown } }
    expect(metadata.CloudWatchMetrics).toEqual([
      {
        Namespace: 'SqliteEfs',
        Dimensions: [['FunctionName']],
        Metrics: [
          { Name: 'Takeovers', Unit: 'Count' },
          { Name: 'LeaseWait', Unit: 'Milliseconds' },
          { Name: 'Recoveries', Unit: 'Count' },
          { Name: 'Commits', Unit: 'Count' },
          { Name: 'CommitTime', Unit: 'Milliseconds' },
        ],
      },
    ])
  })

  test('begins a new line when a metric has 100 values, and loses none', () => {
    const { listen, lines, values } = kept()
    for (let i = 0; i < 250; i++) listen(commit(i))
    listen.flush()
    listen.flush()
    expect(lines.flatMap(breaches)).toEqual([])
    expect(values().flatMap(({ CommitTime }) => CommitTime)).toEqual(Array.from({ length: 250 }, (_, i) => i))
    expect(values().reduce((sum, { Commits }) => sum + (Commits as number), 0)).toBe(250)
  })

  test('has namespace and dimensions as it is told, and the function’s name where it is not', () => {
    vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'booking')
    const lines: string[] = []
    const write = (line: string) => void lines.push(line)
    for (const options of [{}, { namespace: 'Shop/Database', dimensions: { Service: 'shop', Stage: 'test' } }]) {
      const listen = cloudWatchMetrics({ ...options, write })
      listen(acquired(1))
      listen(released)
    }
    expect(lines.flatMap(breaches)).toEqual([])
    expect(lines.map(valuesOf)).toEqual([
      { FunctionName: 'booking', LeaseWait: 1 },
      { Service: 'shop', Stage: 'test', LeaseWait: 1 },
    ])
    expect(lines[1]).toContain('"Namespace":"Shop/Database","Dimensions":[["Service","Stage"]]')
  })

  test('writes to standard output, a line at a time', () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    const listen = cloudWatchMetrics()
    listen(acquired(1))
    listen(released)
    const written = write.mock.calls.map(([chunk]) => String(chunk))
    expect(written).toEqual([expect.stringMatching(/^\{.*\}\n$/)])
    expect(breaches(written[0]!.trimEnd())).toEqual([])
  })

  test('on Lambda has written all of a write before it is answered', async () => {
    vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'booking')
    await using bench = await new Workbench().migrate()
    const { listen, lines, values } = kept()
    const prisma = bench.ours({ onEvent: listen })
    await prisma.tag.create({ data: { name: 'a' } })
    expect(lines.flatMap(breaches)).toEqual([])
    const time = expect.any(Number) as number
    expect(values()).toEqual([{ FunctionName: 'f', LeaseWait: time, Commits: 1, CommitTime: time }])
    await prisma.tag.findMany()
    await prisma.$disconnect()
    expect(lines).toHaveLength(1)
  })

  test('gives the metrics to Powertools, which writes them when it is told to', async () => {
    await using bench = await new Workbench().migrate()
    const metrics = new Metrics({ namespace: 'Shop', serviceName: 'booking' })
    const listen = cloudWatchMetrics({ metrics })
    const prisma = bench.ours({ onEvent: listen })
    await prisma.tag.create({ data: { name: 'a' } })
    await prisma.$disconnect()
    const document = metrics.serializeMetrics()
    metrics.clearMetrics()
    expect(breaches(JSON.stringify(document))).toEqual([])
    const time = expect.any(Number) as number
    expect(document).toMatchObject({ service: 'booking', LeaseWait: time, Commits: 1, CommitTime: time })
  })

  test.each<[unknown, string]>([
    [{ namespace: '' }, 'namespace'],
    [{ namespace: 'AWS/Lambda' }, 'namespace'],
    [{ namespace: 'a'.repeat(256) }, 'namespace'],
    [{ namespace: 7 }, 'namespace'],
    [{ dimensions: {} }, 'dimensions'],
    [{ dimensions: null }, 'dimensions'],
    [{ dimensions: Object.fromEntries(Array.from({ length: 31 }, (_, i) => [`d${i}`, 'x'])) }, 'dimensions'],
    [{ dimensions: { Stage: '' } }, 'dimensions.Stage'],
    [{ dimensions: { Stage: 7 } }, 'dimensions.Stage'],
    [{ dimensions: { _aws: 'x' } }, 'dimensions._aws'],
    [{ dimensions: { Commits: 'x' } }, 'dimensions.Commits'],
    [{ write: 'stdout' }, 'write'],
    [{ metrics: {} }, 'metrics'],
    [{ nameSpace: 'x' }, 'nameSpace'],
    ['x', 'options'],
  ])('refuses %j as %s', (options, option) => {
    expect(() => cloudWatchMetrics(options as CloudWatchMetricsOptions)).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION', meta: { option } }),
    )
  })
})

describe('the check of lines', () => {
  const good = () => {
    const { listen, lines } = kept()
    for (const event of ALL) listen(event)
    return lines[0]!
  }

  test.each<[string, (line: string) => string]>([
    ['_aws.Timestamp is an integer', (line) => line.replace('"Timestamp":1', '"Timestamp":0.1')],
    ['the dimension FunctionName is a text on the root', (line) => line.replace('"FunctionName":"f",', '')],
    ['a metric’s Unit is one of CloudWatch’s', (line) => line.replace('"Unit":"Count"', '"Unit":"count"')],
    ['CommitTime: 1 to 100 numbers', (line) => line.replace('[5,6.5]', JSON.stringify(Array(101).fill(5)))],
    ['a DimensionSet has 1 to 30 keys', (line) => line.replace('[["FunctionName"]]', '[[]]')],
  ])('finds where it does not hold that %s', (rule, spoil) => {
    expect(breaches(good())).toEqual([])
    expect(breaches(spoil(good()))).toEqual([rule])
  })
})
