import { ArnFormat, type Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { SubnetType } from 'aws-cdk-lib/aws-ec2'
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda'
import { type ILogGroup, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { DATABASE, LEASE_KEY } from './database-file.js'
import type { LockTable } from './lock-table.js'
import type { Network } from './network.js'
import type { Storage } from './storage.js'

/** What the functions work on. */
export interface Surroundings {
  network: Network
  storage: Storage
  lockTable: LockTable
}

export interface DatabaseFunctionProps extends Surroundings {
  /** The folder with the content of its package, as `bundle` makes it. */
  folder: string
  description: string
  memorySize: number
  timeout: Duration
  reservedConcurrency?: number | undefined
}

/** On what a function's network interfaces are made; https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html. */
const NETWORK_INTERFACES = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
]

/** A function that uses the database, with the least that this takes. */
export class DatabaseFunction extends Construct {
  readonly function: LambdaFunction

  constructor(scope: Construct, id: string, props: DatabaseFunctionProps) {
    super(scope, id)
    const { network, storage, lockTable, reservedConcurrency } = props
    const logGroup = new LogGroup(this, 'Log', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    this.function = new LambdaFunction(this, 'Function', {
      description: props.description,
      code: Code.fromAsset(props.folder),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memorySize,
      timeout: props.timeout,
      ...(reservedConcurrency === undefined ? {} : { reservedConcurrentExecutions: reservedConcurrency }),
      environment: {
        DATABASE_URL: `file:${DATABASE}`,
        SQLITE_LOCK_DYNAMODB_TABLE: lockTable.table.tableName,
      },
      vpc: network.vpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      securityGroups: [network.securityGroup],
      filesystem: storage.mount(),
      logGroup,
      // No tracing. X-Ray's daemon asks for permissions on everything, and what writers wait for is in the metrics.
      role: this.#role(logGroup),
    })
    this.function.addToRolePolicy(lockTable.statement(LEASE_KEY))
  }

  /** Instead of AWS's managed policies, which allow writing to every log. */
  #role(logGroup: ILogGroup): Role {
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
    role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn],
      }),
    )
    // Lambda asks for these on everything. It is Lambda that uses them, and the code of a function may not
    // (https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html).
    role.addToPolicy(new PolicyStatement({ actions: NETWORK_INTERFACES, resources: ['*'] }))
    role.addToPolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        actions: NETWORK_INTERFACES,
        resources: ['*'],
        conditions: { ArnLike: { 'lambda:SourceFunctionArn': this.#everyFunction() } },
      }),
    )
    return role
  }

  /** Not this one's name, for which CloudFormation would have to make the function before its role. */
  #everyFunction(): string {
    return Stack.of(this).formatArn({
      service: 'lambda',
      resource: 'function',
      resourceName: '*',
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    })
  }
}
