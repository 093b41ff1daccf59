import { check, refuseUnknown } from '../errors/configuration.js'
import type { SqliteEfsEvent } from '../options/events.js'
import { EmbeddedMetrics } from './embedded-metrics.js'

/**
 * What takes metrics one by one: `Metrics` of `@aws-lambda-powertools/metrics`, for one.
 *
 * https://docs.aws.amazon.com/powertools/typescript/latest/features/metrics/
 */
export interface MetricsSink {
  /** Adds one value of a metric. */
  addMetric(name: string, unit: 'Count' | 'Milliseconds', value: number): unknown
}

/** Options of {@link cloudWatchMetrics}. */
export interface CloudWatchMetricsOptions {
  /** Where CloudWatch files the metrics: 1 to 255 of `A-Z a-z 0-9 . - _ / # :` and space. @defaultValue `'SqliteEfs'` */
  namespace?: string
  /**
   * What the metrics are told apart by: 1 to 30 names, each with a text of 1 to 1024 ASCII characters. Every combination of values is
   * a metric that is billed of its own.
   *
   * @defaultValue `FunctionName`, with the environment variable AWS_LAMBDA_FUNCTION_NAME or `unknown`
   */
  dimensions?: Readonly<Record<string, string>>
  /** Takes one line, without its end. @defaultValue standard output, at once */
  write?: (line: string) => void
  /** Takes the metrics instead, one by one, and writes them when its owner says so; nothing is written here then. */
  metrics?: MetricsSink
}

/** A listener for `onEvent`. */
export interface CloudWatchMetrics {
  (event: SqliteEfsEvent): void
  /** Writes what was counted and is not written yet, if there is anything. Called by itself when a lease ends. */
  flush(): void
}

/** What is made of events; docs/observability.md says of which. */
const NAMES = [
  'LeaseWait',
  'LeaseTimeouts',
  'Takeovers',
  'LostLeases',
  'Commits',
  'CommitTime',
  'Conflicts',
  'Recoveries',
] as const

type Metric = readonly [name: (typeof NAMES)[number], unit: 'Count' | 'Milliseconds', value: number]

/**
 * Makes CloudWatch metrics of events, without a call to CloudWatch: in the Embedded Metric Format on standard output, from
 * which CloudWatch Logs takes them.
 *
 * A line is written where the story of a lease ends (released, yielded, lost, given up, or a conflict after that). That is before
 * the answer to the write, and at once, so a Lambda that is frozen then has nothing left to say.
 *
 * @throws PrismaSqliteEfsError `CONFIGURATION`, naming the option and its value
 * @example
 * ```ts
 * const adapter = new PrismaSqliteEfs({ url: 'file:/mnt/efs/app.db', onEvent: cloudWatchMetrics() })
 * ```
 */
export function cloudWatchMetrics(options: CloudWatchMetricsOptions = {}): CloudWatchMetrics {
  refuseUnknown('', options, ['namespace', 'dimensions', 'write', 'metrics'])
  const sink = options.metrics === undefined ? new EmbeddedMetrics(embedded(options)) : checkSink(options.metrics)
  const flush = () => {
    if (sink instanceof EmbeddedMetrics) sink.flush()
  }
  const listen = (event: SqliteEfsEvent) => {
    for (const [name, unit, value] of metricsOf(event)) sink.addMetric(name, unit, value)
    if (endsTheStory(event)) flush()
  }
  return Object.assign(listen, { flush })
}

function metricsOf(event: SqliteEfsEvent): readonly Metric[] {
  switch (event.type) {
    case 'acquired':
      return [['LeaseWait', 'Milliseconds', event.waitedMs]]
    case 'gave-up':
      return [['LeaseTimeouts', 'Count', 1]]
    case 'swept':
      return [['Takeovers', 'Count', 1]]
    case 'lost':
      return [['LostLeases', 'Count', 1]]
    case 'commit':
      return [
        ['Commits', 'Count', 1],
        ['CommitTime', 'Milliseconds', event.commitMs],
      ]
    case 'conflict':
      return [['Conflicts', 'Count', 1]]
    case 'recovery':
      return [['Recoveries', 'Count', 1]]
    default:
      return []
  }
}

const endsTheStory = ({ type }: SqliteEfsEvent) => ['released', 'yielded', 'lost', 'gave-up', 'conflict'].includes(type)

// What CloudWatch allows: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
const NAMESPACE = /^[\w.\-/#: ]{1,255}$/
const DIMENSION_NAME = /^(?!:)(?=.*\S)[\x20-\x7e]{1,250}$/
const DIMENSION_VALUE = /^(?=.*\S)[\x20-\x7e]{1,1024}$/
const MAX_DIMENSIONS = 30

function embedded({
  namespace = 'SqliteEfs',
  dimensions = defaultDimensions(),
  write = toStdout,
}: CloudWatchMetricsOptions) {
  if (typeof namespace !== 'string' || !NAMESPACE.test(namespace) || namespace.startsWith('AWS/')) {
    const rule = 'be 1 to 255 of A-Z a-z 0-9 . - _ / # : and space, not beginning with AWS/'
    throw check.wrong('namespace', rule, namespace)
  }
  const entries = typeof dimensions === 'object' && dimensions !== null ? Object.entries(dimensions) : []
  if (entries.length === 0 || entries.length > MAX_DIMENSIONS) {
    throw check.wrong('dimensions', `be an object with 1 to ${MAX_DIMENSIONS} names and texts`, dimensions)
  }
  for (const [name, value] of entries) {
    if (!DIMENSION_NAME.test(name) || ['_aws', ...NAMES].includes(name)) {
      const hint = 'CloudWatch does not take this name, or it is the name of a metric'
      throw check.wrong(`dimensions.${name}`, 'have another name', value, { hint })
    }
    if (typeof value !== 'string' || !DIMENSION_VALUE.test(value)) {
      throw check.wrong(`dimensions.${name}`, 'be 1 to 1024 ASCII characters', value)
    }
  }
  return { namespace, dimensions, write: check.callback('write', write) }
}

function checkSink(metrics: MetricsSink): MetricsSink {
  if (typeof metrics?.addMetric === 'function') return metrics
  throw check.wrong('metrics', 'be an object with addMetric(name, unit, value)', metrics)
}

const defaultDimensions = () => ({ FunctionName: process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? 'unknown' })

/**
 * Not by console.log, before which Lambda puts a timestamp, or which it wraps in JSON of its own. On Linux this is synchronous for
 * files, pipes and terminals: https://nodejs.org/api/process.html#a-note-on-process-io
 */
const toStdout = (line: string) => void process.stdout.write(`${line}\n`)
