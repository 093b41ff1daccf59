import { LeaseError } from '@sqlite-efs/lease'
import type { SqliteEfsEvent } from 'prisma-adapter-sqlite-efs'
import { cloudWatchMetrics } from 'prisma-adapter-sqlite-efs/lambda'
import { beforeAll, expect, test } from 'vitest'
import { type Resource, resourceOf, resourcesOf, synthesize } from './template.js'

/** One of each that a metric is made of. */
const EVENTS: SqliteEfsEvent[] = [
  { type: 'acquired', key: 'k', token: 1, waitedMs: 1, waiting: 0 },
  { type: 'swept', key: 'k', ticket: 1, owner: 'a host' },
  { type: 'recovery', path: 'p', token: 1, cause: 'read', waitedMs: 1, durationMs: 1 },
  {
    type: 'commit',
    path: 'p',
    token: 1,
    statements: 1,
    rows: 1,
    fileBytes: 1,
    waitedMs: 1,
    openMs: 1,
    commitMs: 1,
  },
  { type: 'lost', key: 'k', token: 1, heldMs: 1, error: new LeaseError('LEASE_LOST', 'lost', { key: 'k' }) },
  { type: 'conflict', path: 'p', token: 1, code: 'SUPERSEDED' },
  { type: 'gave-up', key: 'k', waitedMs: 1, code: 'LEASE_TIMEOUT' },
]

interface Written {
  _aws: { CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string }[] }[] }
}

let template: ReturnType<typeof synthesize>
let alarms: Record<string, Resource['Properties']>
let written: { namespace: string; dimensions: string[]; names: string[] }

beforeAll(() => {
  template = synthesize({ alarmEmail: 'owner@example.com' })
  alarms = Object.fromEntries(
    resourcesOf(template, 'AWS::CloudWatch::Alarm').map(([id, { Properties }]) => [
      id.replace(/^Alarms|[0-9A-F]{8}$/g, ''),
      Properties,
    ]),
  )
  written = writtenMetrics()
})

/** What `cloudWatchMetrics` writes, by its defaults, which are those of the example. */
function writtenMetrics() {
  const lines: string[] = []
  const listen = cloudWatchMetrics({ write: (line) => void lines.push(line) })
  for (const event of EVENTS) listen(event)
  const directives = lines.flatMap((line) => (JSON.parse(line) as Written)._aws.CloudWatchMetrics)
  const [first] = directives
  if (!first) throw new Error('nothing was written')
  return {
    namespace: first.Namespace,
    dimensions: first.Dimensions.flat(),
    names: directives.flatMap(({ Metrics }) => Metrics.map(({ Name }) => Name)),
  }
}

test('the alarms of the lease are on metrics that the API writes', () => {
  const [api] = resourceOf(template, 'AWS::Lambda::Function', 'ApiFunction')
  const ofLease = Object.values(alarms).filter(({ Namespace }) => Namespace === written.namespace)
  expect(ofLease.map(({ MetricName }) => MetricName)).toEqual(['LeaseWait', 'LeaseTimeouts', 'Takeovers', 'LostLeases'])
  for (const { MetricName, Dimensions } of ofLease) {
    expect(written.names).toContain(MetricName)
    expect(Dimensions).toEqual(written.dimensions.map((Name) => ({ Name, Value: { Ref: api } })))
  }
})

test('somebody is woken when one write of a hundred waits for long, and at once by what should never be', () => {
  expect(alarms['LeaseWait']).toMatchObject({
    ExtendedStatistic: 'p99',
    Threshold: 1500,
    EvaluationPeriods: 5,
    DatapointsToAlarm: 3,
  })
  for (const name of ['LeaseTimeouts', 'Takeovers', 'LostLeases', 'Errors', 'Throttles']) {
    expect(alarms[name]).toMatchObject({ Statistic: 'Sum', Threshold: 0, EvaluationPeriods: 1, Period: 60 })
  }
})

test("the functions' own alarms are on Lambda's metrics of the API, and that of the bill on EFS's", () => {
  const [api] = resourceOf(template, 'AWS::Lambda::Function', 'ApiFunction')
  const [fileSystem] = resourceOf(template, 'AWS::EFS::FileSystem')
  const dimensions = [{ Name: 'FunctionName', Value: { Ref: api } }]
  for (const [name, MetricName] of [
    ['Errors', 'Errors'],
    ['Throttles', 'Throttles'],
    ['ServerErrors', 'Url5xxCount'],
  ] as const) {
    expect(alarms[name]).toMatchObject({ Namespace: 'AWS/Lambda', MetricName, Dimensions: dimensions })
  }
  expect(alarms['Throughput']).toMatchObject({
    Namespace: 'AWS/EFS',
    MetricName: 'MeteredIOBytes',
    Dimensions: [{ Name: 'FileSystemId', Value: { Ref: fileSystem } }],
    Threshold: 10e9,
    Period: 3600,
  })
})

test('no alarm goes off where nothing happens, and each says what it means', () => {
  expect(Object.keys(alarms)).toHaveLength(8)
  for (const alarm of Object.values(alarms)) {
    expect(alarm).toMatchObject({
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
      AlarmDescription: expect.stringMatching(/\w{3}/) as string,
    })
  }
})

test('the alarms tell who was named, and are there without anybody too', () => {
  const [topic] = resourceOf(template, 'AWS::SNS::Topic')
  for (const { AlarmActions } of Object.values(alarms)) expect(AlarmActions).toEqual([{ Ref: topic }])
  template.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'owner@example.com' })
  const alone = synthesize()
  alone.resourceCountIs('AWS::SNS::Topic', 0)
  alone.resourceCountIs('AWS::CloudWatch::Alarm', 8)
})

/** The names of a namespace's metrics on the dashboard. */
function shown(namespace: string): Set<string | undefined> {
  const [, { Properties }] = resourceOf(template, 'AWS::CloudWatch::Dashboard')
  const text = JSON.stringify(Properties['DashboardBody']).replaceAll('\\', '')
  const widgets = text.matchAll(new RegExp(`\\["${namespace}","(\\w+)"`, 'g'))
  return new Set([...widgets].map(([, name]) => name))
}

test('the dashboard shows each metric that is written, and no other of its namespace', () => {
  expect(shown('SqliteEfs')).toEqual(new Set(written.names))
})

test('the dashboard shows what EFS bills, in which a read does not count a third', () => {
  const billed = ['DataReadIOBytes', 'MetadataReadIOBytes', 'DataWriteIOBytes', 'MetadataWriteIOBytes']
  expect(shown('AWS/EFS')).toEqual(new Set(billed))
})
