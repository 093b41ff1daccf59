import { leasePolicy } from '@sqlite-efs/lease'
import { RemovalPolicy } from 'aws-cdk-lib'
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { Construct } from 'constructs'

/** leasePolicy checks an ARN; this one stands for the table's, which CloudFormation knows only when it has made it. */
const ANY_TABLE = 'arn:aws:dynamodb:us-east-1:123456789012:table/lock-table'

/** The table of the lease, which has one item for one database. */
export class LockTable extends Construct {
  readonly table: Table

  constructor(scope: Construct, id: string, { removalPolicy }: { removalPolicy: RemovalPolicy }) {
    super(scope, id)
    this.table = new Table(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      // Without its item the fencing tokens would begin anew, below the one that is in the file.
      deletionProtection: removalPolicy === RemovalPolicy.RETAIN,
      removalPolicy,
      // Not wanted: a line of the past is worth nothing, and its tokens are too low.
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: false },
    })
  }

  /** What a leaser may do: the statement of `leasePolicy`, on this table. */
  statement(key: string): PolicyStatement {
    const [statement] = leasePolicy({ tableArn: ANY_TABLE, key }).Statement
    return PolicyStatement.fromJson({ ...statement, Resource: this.table.tableArn })
  }
}
