import { Duration } from 'aws-cdk-lib'
import { Alarm, ComparisonOperator, type Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import type { FileSystem } from 'aws-cdk-lib/aws-efs'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import { Construct } from 'constructs'
import { leaseMetric, meteredBytes, urlMetric } from './metrics.js'

export interface AlarmsProps {
  api: LambdaFunction
  fileSystem: FileSystem
  /** Is told; without it the alarms are only seen. */
  email: string | undefined
}

/** When it goes off. */
interface Rule {
  metric: Metric
  /** Above it. */
  threshold: number
  /** Of so many periods. @defaultValue 1 */
  evaluationPeriods?: number
  /** In so many of them. @defaultValue in all of them */
  datapointsToAlarm?: number
  /** What it means, and where to look. */
  description: string
}

const GIGABYTE = 1e9

/** What wakes somebody: before users notice, where that can be seen. */
export class Alarms extends Construct {
  readonly alarms: Alarm[] = []
  readonly #action: SnsAction | undefined

  constructor(scope: Construct, id: string, { api, fileSystem, email }: AlarmsProps) {
    super(scope, id)
    this.#action = email === undefined ? undefined : new SnsAction(this.#topic(email))
    this.#add('LeaseWait', {
      metric: leaseMetric(api, 'LeaseWait', Stats.percentile(99)),
      // Writers wait for 5 seconds at the most, and the start of a transaction for 1.9.
      threshold: 1500,
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
      description: 'One write of a hundred waits for more than 1.5 s: too many writers, or slow ones',
    })
    this.#add('LeaseTimeouts', {
      metric: leaseMetric(api, 'LeaseTimeouts'),
      threshold: 0,
      description: 'Writers gave up: the line is too long or stuck, or DynamoDB does not answer',
    })
    this.#add('Takeovers', {
      metric: leaseMetric(api, 'Takeovers'),
      threshold: 0,
      description: 'An instance died with the lease, or in the line: look for timeouts and for a lack of memory',
    })
    this.#add('LostLeases', {
      metric: leaseMetric(api, 'LostLeases'),
      threshold: 0,
      description: 'An instance was frozen or blocked for longer than its lease',
    })
    this.#add('Errors', {
      metric: api.metricErrors({ period: Duration.minutes(1) }),
      threshold: 0,
      description: 'The API ended without an answer: a timeout, or a crash',
    })
    this.#add('ServerErrors', {
      metric: urlMetric(api, 'Url5xxCount'),
      threshold: 0,
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
      description: 'The API answers 500, or 503 where the turn to write does not come',
    })
    this.#add('Throttles', {
      metric: api.metricThrottles({ period: Duration.minutes(1) }),
      threshold: 0,
      description: 'Requests were refused: the reserved concurrency, or that of the account, is used up',
    })
    this.#add('Throughput', {
      metric: meteredBytes(fileSystem, Duration.hours(1)),
      threshold: 10 * GIGABYTE,
      description: 'More than 10 GB an hour: elastic throughput bills them, and bursting throughput uses up its credit',
    })
  }

  #add(name: string, { metric, description, threshold, ...rest }: Rule): void {
    const alarm = new Alarm(this, name, {
      metric,
      threshold,
      alarmDescription: description,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      // Nobody wrote.
      treatMissingData: TreatMissingData.NOT_BREACHING,
      ...rest,
    })
    if (this.#action) alarm.addAlarmAction(this.#action)
    this.alarms.push(alarm)
  }

  #topic(email: string): Topic {
    const topic = new Topic(this, 'Topic', { enforceSSL: true })
    topic.addSubscription(new EmailSubscription(email))
    return topic
  }
}
