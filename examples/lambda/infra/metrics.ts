import { Duration } from 'aws-cdk-lib'
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch'
import type { FileSystem } from 'aws-cdk-lib/aws-efs'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'

const MINUTE = Duration.minutes(1)

/** A metric that `cloudWatchMetrics` writes for a function; docs/observability.md has them all. */
export function leaseMetric(api: LambdaFunction, metricName: string, statistic: string = Stats.SUM): Metric {
  const dimensionsMap = { FunctionName: api.functionName }
  return new Metric({ namespace: 'SqliteEfs', metricName, dimensionsMap, statistic, period: MINUTE })
}

/** Requests to a function URL: https://docs.aws.amazon.com/lambda/latest/dg/urls-monitoring.html. */
export function urlMetric(api: LambdaFunction, metricName: string): Metric {
  const dimensionsMap = { FunctionName: api.functionName }
  return new Metric({ namespace: 'AWS/Lambda', metricName, dimensionsMap, statistic: Stats.SUM, period: MINUTE })
}

/**
 * What counts against the permitted throughput, in which a read counts a third:
 * https://docs.aws.amazon.com/efs/latest/ug/metered-sizes.html. It is not what elastic throughput bills.
 */
export function meteredBytes({ fileSystemId }: FileSystem, period: Duration): Metric {
  return new Metric({
    namespace: 'AWS/EFS',
    metricName: 'MeteredIOBytes',
    dimensionsMap: { FileSystemId: fileSystemId },
    statistic: Stats.SUM,
    period,
  })
}

/**
 * What elastic throughput bills, each at the price of reads or of writes:
 * https://repost.aws/articles/ARLxw4PqmeQK6VVrpGL4-jzA/how-do-i-estimate-elastic-throughput-mode-costs-for-amazon-elastic-file-system-amazon-efs
 */
export function billedBytes({ fileSystemId }: FileSystem, period: Duration): Metric[] {
  const names = ['DataReadIOBytes', 'MetadataReadIOBytes', 'DataWriteIOBytes', 'MetadataWriteIOBytes']
  const dimensionsMap = { FileSystemId: fileSystemId }
  return names.map(
    (metricName) => new Metric({ namespace: 'AWS/EFS', metricName, dimensionsMap, statistic: Stats.SUM, period }),
  )
}
