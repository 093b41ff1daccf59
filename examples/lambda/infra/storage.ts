import type { RemovalPolicy } from 'aws-cdk-lib'
import { type IVpc, SecurityGroup, SubnetType } from 'aws-cdk-lib/aws-ec2'
import { AccessPoint, FileSystem, PerformanceMode, ThroughputMode } from 'aws-cdk-lib/aws-efs'
import { AnyPrincipal, Effect, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { FileSystem as Mount } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { MOUNT } from './database-file.js'
import type { Settings } from './settings.js'

const NOBODY_ELSE = '1000'

export interface StorageProps extends Pick<Settings, 'throughput'> {
  vpc: IVpc
  removalPolicy: RemovalPolicy
}

/** The file system of the database, with one folder of it for the functions. */
export class Storage extends Construct {
  readonly fileSystem: FileSystem
  readonly accessPoint: AccessPoint

  constructor(scope: Construct, id: string, { vpc, throughput, removalPolicy }: StorageProps) {
    super(scope, id)
    this.fileSystem = new FileSystem(this, 'FileSystem', {
      vpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      securityGroup: new SecurityGroup(this, 'MountTargets', {
        vpc,
        description: 'The mount targets: NFS from the functions',
        allowAllOutbound: false,
      }),
      encrypted: true,
      enableAutomaticBackups: true,
      // What AWS recommends for nearly everything. Max I/O, for its part, has a higher latency, and SQLite waits for each answer.
      performanceMode: PerformanceMode.GENERAL_PURPOSE,
      throughputMode: throughput === 'elastic' ? ThroughputMode.ELASTIC : ThroughputMode.BURSTING,
      // No lifecycle policy. After a quiet month it would move the database to Infrequent Access, where each read has to be paid, and takes
      // tens of milliseconds (https://docs.aws.amazon.com/efs/latest/ug/lifecycle-management-efs.html).
      fileSystemPolicy: onlyEncryptedInTransit(),
      // With false CDK would add a statement that lets everybody write, as root too, who comes by a mount target.
      // The policy above allows nobody anything, and so whoever has no permission of their own is refused.
      allowAnonymousAccess: true,
      removalPolicy,
    })
    this.accessPoint = this.fileSystem.addAccessPoint('AccessPoint', {
      path: '/bookings',
      posixUser: { uid: NOBODY_ELSE, gid: NOBODY_ELSE },
      createAcl: { ownerUid: NOBODY_ELSE, ownerGid: NOBODY_ELSE, permissions: '750' },
    })
  }

  /** The mount of a function. CDK's own would let the function write by every access point. */
  mount(): Mount {
    return new AccessPointMount(this.fileSystem, this.accessPoint)
  }
}

class AccessPointMount extends Mount {
  constructor(fileSystem: FileSystem, { accessPointArn }: AccessPoint) {
    super({
      localMountPath: MOUNT,
      arn: accessPointArn,
      dependency: [fileSystem.mountTargetsAvailable],
      connections: fileSystem.connections,
      policies: [
        new PolicyStatement({
          actions: ['elasticfilesystem:ClientMount', 'elasticfilesystem:ClientWrite'],
          resources: [fileSystem.fileSystemArn],
          conditions: { StringEquals: { 'elasticfilesystem:AccessPointArn': accessPointArn } },
        }),
      ],
    })
  }
}

/** https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html. A policy of a file system can be about that one only. */
function onlyEncryptedInTransit(): PolicyDocument {
  return new PolicyDocument({
    statements: [
      new PolicyStatement({
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: [
          'elasticfilesystem:ClientMount',
          'elasticfilesystem:ClientWrite',
          'elasticfilesystem:ClientRootAccess',
        ],
        resources: ['*'],
        conditions: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    ],
  })
}
