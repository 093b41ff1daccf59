import { type CfnResource, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Trigger } from 'aws-cdk-lib/triggers'
import { Construct } from 'constructs'
import { DatabaseFunction, type Surroundings } from './database-function.js'

/** Of it, the last ten seconds are not for waiting: `migrationHandler`. */
const TIMEOUT = Duration.minutes(5)
/** What CDK calls the function of its own that invokes those of triggers; one in a stack. */
const PROVIDER = 'AWSCDK.TriggerCustomResourceProviderCustomResourceProvider'

export interface MigrationProps extends Surroundings {
  /** The folder with the content of the function's package. */
  folder: string
}

/** The migration function, and what runs it whenever it has changed: a deployment fails where the migration does. */
export class Migration extends Construct {
  readonly function: DatabaseFunction['function']
  readonly trigger: Trigger

  constructor(scope: Construct, id: string, { folder, ...surroundings }: MigrationProps) {
    super(scope, id)
    this.function = new DatabaseFunction(this, 'Migrate', {
      ...surroundings,
      folder,
      description: 'Applies the migrations of the booking service',
      memorySize: 1024,
      timeout: TIMEOUT,
    }).function
    this.trigger = new Trigger(this, 'Trigger', { handler: this.function, timeout: TIMEOUT })
    this.#restrictProvider()
  }

  /** CDK gives its function a log that is kept for ever, and the permission to write to every log. */
  #restrictProvider(): void {
    const provider = Stack.of(this).node.findChild(PROVIDER)
    const [handler, role] = ['Handler', 'Role'].map((name) => provider.node.findChild(name) as CfnResource)
    const logGroup = new LogGroup(this, 'TriggerLog', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    handler?.addPropertyOverride('LoggingConfig.LogGroup', logGroup.logGroupName)
    role?.addPropertyDeletionOverride('ManagedPolicyArns')
    role?.addPropertyOverride('Policies.1', {
      PolicyName: 'Log',
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
            Resource: logGroup.logGroupArn,
          },
        ],
      },
    })
  }
}
