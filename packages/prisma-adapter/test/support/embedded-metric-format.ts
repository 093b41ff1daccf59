/** As CloudWatch names them: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html */
const UNITS =
  `Seconds Microseconds Milliseconds Bytes Kilobytes Megabytes Gigabytes Terabytes Bits Kilobits Megabits Gigabits
  Terabits Percent Count Bytes/Second Kilobytes/Second Megabytes/Second Gigabytes/Second Terabytes/Second Bits/Second
  Kilobits/Second Megabits/Second Gigabits/Second Terabits/Second Count/Second None`.split(/\s+/)

type Json = Record<string, unknown>

/**
 * Where a log line breaks the rules of the Embedded Metric Format, member by member as its JSON schema has them; empty for a
 * line from which CloudWatch takes metrics.
 *
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function breaches(line: string): string[] {
  const found: string[] = []
  const must = (holds: boolean, rule: string) => void (holds || found.push(rule))
  must(!line.includes('\n'), 'one document is one log event')
  must(Buffer.byteLength(line) <= 256 * 1024, 'at most 256 KB')
  const root = JSON.parse(line) as Json
  const { Timestamp, CloudWatchMetrics, ...unknown } = (root['_aws'] ?? {}) as Json
  must(Object.keys(unknown).length === 0, 'nothing else in _aws')
  must(Number.isInteger(Timestamp), '_aws.Timestamp is an integer')
  must(Array.isArray(CloudWatchMetrics), '_aws.CloudWatchMetrics is an array')
  for (const directive of (CloudWatchMetrics ?? []) as Json[]) {
    const { Namespace, Dimensions, Metrics, ...more } = directive
    must(Object.keys(more).length === 0, 'nothing else in a directive')
    must(isText(Namespace, 1024), 'Namespace is a text of 1 to 1024')
    must(Array.isArray(Dimensions) && Dimensions.length > 0, 'Dimensions is an array that is not empty')
    for (const set of (Dimensions ?? []) as unknown[]) {
      must(Array.isArray(set) && set.length > 0 && set.length <= 30, 'a DimensionSet has 1 to 30 keys')
      for (const key of set as string[]) {
        must(isText(key, 250), 'a dimension’s key is a text of 1 to 250')
        must(isText(root[key], 1024), `the dimension ${key} is a text on the root`)
      }
    }
    must(Array.isArray(Metrics) && Metrics.length > 0 && Metrics.length <= 100, 'Metrics has 1 to 100 members')
    for (const { Name, Unit, StorageResolution, ...rest } of (Metrics ?? []) as Json[]) {
      must(Object.keys(rest).length === 0, 'nothing else in a metric')
      must(isText(Name, 1024), 'a metric’s Name is a text of 1 to 1024')
      must(Unit === undefined || UNITS.includes(Unit as string), 'a metric’s Unit is one of CloudWatch’s')
      must([undefined, 1, 60].includes(StorageResolution as number), 'StorageResolution is 1 or 60')
      const value = root[Name as string]
      const values = Array.isArray(value) ? (value as unknown[]) : [value]
      must(
        values.every(Number.isFinite) && values.length > 0 && values.length <= 100,
        `${String(Name)}: 1 to 100 numbers`,
      )
    }
  }
  return found
}

const isText = (value: unknown, longest: number) =>
  typeof value === 'string' && value.length > 0 && value.length <= longest
