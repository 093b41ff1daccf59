import {
  GatewayVpcEndpointAwsService,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2'
import { AnyPrincipal } from 'aws-cdk-lib/aws-iam'
import { Construct } from 'constructs'
import { LEASE_KEY } from './database-file.js'
import type { LockTable } from './lock-table.js'

/**
 * Two zones with one isolated subnet each: from there EFS and DynamoDB can be reached, and nothing else. There is no NAT gateway, which would
 * cost more than all the rest together, and no internet gateway.
 */
export class Network extends Construct {
  readonly vpc: IVpc
  /** Of the functions. */
  readonly securityGroup: SecurityGroup

  constructor(scope: Construct, id: string, { lockTable }: { lockTable: LockTable }) {
    super(scope, id)
    const vpc = new Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'isolated', subnetType: SubnetType.PRIVATE_ISOLATED }],
    })
    // CDK's types are not meant for exactOptionalPropertyTypes: a Vpc is an IVpc without it.
    this.vpc = vpc as IVpc
    // Costs nothing. It lets only requests of a leaser pass.
    const endpoint = vpc.addGatewayEndpoint('DynamoDB', { service: GatewayVpcEndpointAwsService.DYNAMODB })
    const lease = lockTable.statement(LEASE_KEY)
    lease.addPrincipals(new AnyPrincipal())
    endpoint.addToPolicy(lease)
    this.securityGroup = new SecurityGroup(this, 'Functions', {
      vpc: this.vpc,
      description: 'The functions: to EFS and to DynamoDB',
      allowAllOutbound: false,
    })
    // The endpoint's addresses are the region's; no other address with this port can be reached from here.
    this.securityGroup.addEgressRule(Peer.anyIpv4(), Port.HTTPS, 'DynamoDB by the gateway endpoint')
  }
}
