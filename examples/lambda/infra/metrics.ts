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

/** What EFS bills as throughput is a sum of this: https://docs.aws.amazon.com/efs/latest/ug/efs-metrics.html. */
export function meteredBytes({ fileSystemId }: FileSystem, period: Duration): Metric {
  return new Metric({
    namespace: 'AWS/EFS',
    metricName: 'MeteredIOBytes',
    dimensionsMap: { FileSystemId: fileSystemId },
    statistic: Stats.SUM,
    period,
  })
}
