import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib'
import { FunctionUrlAuthType } from 'aws-cdk-lib/aws-lambda'
import type { Construct } from 'constructs'
import type { FunctionName } from '../bundle/bundle.js'
import { Alarms } from './alarms.js'
import { DatabaseFunction } from './database-function.js'
import { LockTable } from './lock-table.js'
import { Migration } from './migration.js'
import { Network } from './network.js'
import { Overview } from './overview.js'
import type { Settings } from './settings.js'
import { Storage } from './storage.js'

export interface BookingStackProps extends StackProps, Settings {
  /** The folders that `bundle` made: the content of each function's package. */
  packages: Readonly<Record<FunctionName, string>>
}

/** The booking service: one SQLite file on EFS, the functions that use it, and what an owner wants around them. */
export class BookingStack extends Stack {
  constructor(scope: Construct, id: string, { packages, ...props }: BookingStackProps) {
    super(scope, id, props)
    const removalPolicy = props.keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY
    const lockTable = new LockTable(this, 'LockTable', { removalPolicy })
    const network = new Network(this, 'Network', { lockTable })
    const storage = new Storage(this, 'Storage', { vpc: network.vpc, throughput: props.throughput, removalPolicy })
    const surroundings = { network, storage, lockTable }

    const migration = new Migration(this, 'Migration', { ...surroundings, folder: packages.migrate })
    const api = new DatabaseFunction(this, 'Api', {
      ...surroundings,
      folder: packages.api,
      description: 'The booking service',
      memorySize: 1024,
      // A write waits for its turn for up to 5 seconds.
      timeout: Duration.seconds(15),
      reservedConcurrency: props.reservedConcurrency,
    }).function
    const openEvent = new DatabaseFunction(this, 'OpenEvent', {
      ...surroundings,
      folder: packages['open-event'],
      description: 'Opens an event for booking',
      memorySize: 1024,
      timeout: Duration.seconds(30),
    }).function
    // It writes, which takes the way to DynamoDB.
    migration.trigger.executeAfter(network)
    // The code that is there works on while the schema changes; the new code comes when it has.
    migration.trigger.executeBefore(api, openEvent)

    const authType = props.publicUrl ? FunctionUrlAuthType.NONE : FunctionUrlAuthType.AWS_IAM
    const { url } = api.addFunctionUrl({ authType })
    const { fileSystem } = storage
    const { table } = lockTable
    const { alarms } = new Alarms(this, 'Alarms', { api, fileSystem, email: props.alarmEmail })
    new Overview(this, 'Overview', { api, table, fileSystem, alarms })

    new CfnOutput(this, 'Url', { value: url, description: 'The booking service' })
    new CfnOutput(this, 'ApiFunction', { value: api.functionName })
    new CfnOutput(this, 'MigrateFunction', { value: migration.function.functionName })
    new CfnOutput(this, 'OpenEventFunction', { value: openEvent.functionName })
    new CfnOutput(this, 'FileSystemId', { value: fileSystem.fileSystemId })
    new CfnOutput(this, 'LockTableName', { value: table.tableName })
  }
}
