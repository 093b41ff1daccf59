import { Duration } from 'aws-cdk-lib'
import { AlarmStatusWidget, Dashboard, GraphWidget, type IAlarm, type Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import type { FileSystem } from 'aws-cdk-lib/aws-efs'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { billedBytes, leaseMetric, urlMetric } from './metrics.js'

export interface OverviewProps {
  api: LambdaFunction
  table: Table
  fileSystem: FileSystem
  alarms: IAlarm[]
}

const MINUTE = Duration.minutes(1)

/** What an owner looks at first: whether something is wrong, who waits, what is written, and what will be billed. */
export class Overview extends Construct {
  constructor(scope: Construct, id: string, { api, table, fileSystem, alarms }: OverviewProps) {
    super(scope, id)
    const lease = (name: string, statistic?: string) => leaseMetric(api, name, statistic)
    const dashboard = new Dashboard(this, 'Dashboard')
    dashboard.addWidgets(new AlarmStatusWidget({ title: 'Alarms', width: 24, alarms }))
    dashboard.addWidgets(
      graph(
        'The wait for the lease, ms',
        [50, 99, 100].map((of) => lease('LeaseWait', Stats.percentile(of))),
      ),
      graph(
        'COMMIT, ms',
        [50, 99].map((of) => lease('CommitTime', Stats.percentile(of))),
      ),
      graph('Commits and conflicts', [lease('Commits'), lease('Conflicts')]),
      graph(
        'What went wrong',
        ['Takeovers', 'LostLeases', 'LeaseTimeouts', 'Recoveries'].map((name) => lease(name)),
      ),
    )
    dashboard.addWidgets(
      graph('Requests', [
        urlMetric(api, 'UrlRequestCount'),
        urlMetric(api, 'Url4xxCount'),
        urlMetric(api, 'Url5xxCount'),
      ]),
      graph(
        'Duration, ms',
        [50, 99].map((of) => api.metricDuration({ statistic: Stats.percentile(of), period: MINUTE })),
      ),
      graph('Instances at once, errors, throttles', [
        api.metric('ConcurrentExecutions', { statistic: Stats.MAXIMUM, period: MINUTE }),
        api.metricErrors({ period: MINUTE }),
        api.metricThrottles({ period: MINUTE }),
      ]),
      graph('Billed by use', [
        ...billedBytes(fileSystem, Duration.hours(1)),
        table.metricConsumedWriteCapacityUnits({ period: Duration.hours(1) }),
        table.metricConsumedReadCapacityUnits({ period: Duration.hours(1) }),
      ]),
    )
  }
}

function graph(title: string, left: Metric[]): GraphWidget {
  return new GraphWidget({ title, left, width: 6 })
}
