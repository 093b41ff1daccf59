import { Match } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, test } from 'vitest'
import { ownFunctions, type Resource, resourceOf, resourcesOf, synthesize } from './template.js'

let template: ReturnType<typeof synthesize>
beforeAll(() => {
  template = synthesize()
})

const idsOf = (type: string) => resourcesOf(template, type).map(([id]) => id)
const ref = (id: string) => ({ Ref: id })

describe('the network', () => {
  test.each([
    'AWS::EC2::NatGateway',
    'AWS::EC2::InternetGateway',
    'AWS::EC2::EgressOnlyInternetGateway',
    'AWS::EC2::Route',
    'AWS::EC2::EIP',
  ])('has no way out: no %s', (type) => {
    template.resourceCountIs(type, 0)
  })

  test('has a subnet in each of two zones, without public addresses', () => {
    const zones = resourcesOf(template, 'AWS::EC2::Subnet').map(([, { Properties }]) => Properties)
    expect(zones.map(({ AvailabilityZone }) => AvailabilityZone)).toEqual([
      { 'Fn::Select': [0, { 'Fn::GetAZs': '' }] },
      { 'Fn::Select': [1, { 'Fn::GetAZs': '' }] },
    ])
    expect(zones.map(({ MapPublicIpOnLaunch }) => MapPublicIpOnLaunch)).toEqual([false, false])
  })

  test('reaches DynamoDB from both by one gateway endpoint, which costs nothing, and no other service', () => {
    const [, { Properties }] = resourceOf(template, 'AWS::EC2::VPCEndpoint')
    expect(Properties).toMatchObject({
      VpcEndpointType: 'Gateway',
      ServiceName: { 'Fn::Join': ['', ['com.amazonaws.', ref('AWS::Region'), '.dynamodb']] },
      RouteTableIds: idsOf('AWS::EC2::RouteTable').map(ref),
    })
    expect(Properties['RouteTableIds']).toHaveLength(2)
  })

  test('lets the functions ask for NFS and HTTPS, and only them the mount targets', () => {
    const [functions] = resourceOf(template, 'AWS::EC2::SecurityGroup', 'NetworkFunctions')
    const [targets] = resourceOf(template, 'AWS::EC2::SecurityGroup', 'StorageMountTargets')
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: Match.stringLikeRegexp('^The functions'),
      SecurityGroupEgress: [Match.objectLike({ IpProtocol: 'tcp', FromPort: 443, ToPort: 443 })],
      SecurityGroupIngress: Match.absent(),
    })
    const groupId = (id: string) => ({ 'Fn::GetAtt': [id, 'GroupId'] })
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 1)
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      GroupId: groupId(targets),
      SourceSecurityGroupId: groupId(functions),
      FromPort: 2049,
      ToPort: 2049,
    })
  })
})

describe('the file system', () => {
  test('is encrypted, backed up, never in a slower class, and outlives the stack', () => {
    const [, fileSystem] = resourceOf(template, 'AWS::EFS::FileSystem')
    expect(fileSystem).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        Encrypted: true,
        BackupPolicy: { Status: 'ENABLED' },
        PerformanceMode: 'generalPurpose',
        ThroughputMode: 'elastic',
      },
    })
    expect(fileSystem.Properties).not.toHaveProperty('LifecyclePolicies')
  })

  test('refuses whoever comes without TLS, and allows nobody anything', () => {
    const [, { Properties }] = resourceOf(template, 'AWS::EFS::FileSystem')
    expect(Properties['FileSystemPolicy']).toMatchObject({
      Statement: [
        {
          Effect: 'Deny',
          Principal: { AWS: '*' },
          Action: [
            'elasticfilesystem:ClientMount',
            'elasticfilesystem:ClientWrite',
            'elasticfilesystem:ClientRootAccess',
          ],
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
      ],
    })
  })

  test('has a mount target in each subnet', () => {
    const targets = resourcesOf(template, 'AWS::EFS::MountTarget').map(([, { Properties }]) => Properties['SubnetId'])
    expect(targets).toEqual(idsOf('AWS::EC2::Subnet').map(ref))
    expect(targets).toHaveLength(2)
  })

  test('is entered at one folder, as a user that is not root', () => {
    const [, { Properties }] = resourceOf(template, 'AWS::EFS::AccessPoint')
    expect(Properties).toMatchObject({
      PosixUser: { Uid: '1000', Gid: '1000' },
      RootDirectory: {
        Path: '/bookings',
        CreationInfo: { OwnerUid: '1000', OwnerGid: '1000', Permissions: '750' },
      },
    })
  })
})

describe('the lock table', () => {
  test('has the key of a lease, is paid by request, and cannot be deleted by accident', () => {
    const [, table] = resourceOf(template, 'AWS::DynamoDB::Table')
    expect(table).toMatchObject({
      DeletionPolicy: 'Retain',
      Properties: {
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
      },
    })
  })

  test('is not kept for going back in time', () => {
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
    })
  })
})

describe('each function', () => {
  test('of ours runs Node 24 on arm64, in both subnets, with the file system mounted', () => {
    const [accessPoint] = resourceOf(template, 'AWS::EFS::AccessPoint')
    const [securityGroup] = resourceOf(template, 'AWS::EC2::SecurityGroup', 'NetworkFunctions')
    const functions = ownFunctions(template)
    expect(functions.map(([id]) => id.replace(/Function.*/, ''))).toEqual(['MigrationMigrate', 'Api', 'OpenEvent'])
    for (const [, { Properties }] of functions) {
      expect(Properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: 'index.handler',
        VpcConfig: {
          SubnetIds: idsOf('AWS::EC2::Subnet').map(ref),
          SecurityGroupIds: [{ 'Fn::GetAtt': [securityGroup, 'GroupId'] }],
        },
        FileSystemConfigs: [{ LocalMountPath: '/mnt/efs' }],
        Environment: {
          Variables: {
            DATABASE_URL: 'file:/mnt/efs/bookings.db',
            SQLITE_LOCK_DYNAMODB_TABLE: ref(idsOf('AWS::DynamoDB::Table')[0]!),
          },
        },
      })
      expect(JSON.stringify(Properties['FileSystemConfigs'])).toContain(JSON.stringify(ref(accessPoint)))
    }
  })

  test('of ours waits for the mount targets', () => {
    for (const [, { DependsOn }] of ownFunctions(template)) {
      expect(DependsOn).toEqual(expect.arrayContaining(idsOf('AWS::EFS::MountTarget')))
    }
  })

  test('has a log of its own, which ends: that of CDK too', () => {
    const functions = resourcesOf(template, 'AWS::Lambda::Function')
    const logs = functions.map(([, { Properties }]) => Properties['LoggingConfig'])
    const groups = idsOf('AWS::Logs::LogGroup')
    expect(logs.toSorted(byText)).toEqual(groups.map((id) => ({ LogGroup: ref(id) })).toSorted(byText))
    expect(groups).toHaveLength(4)
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 })
  })
})

describe('a deployment', () => {
  const trigger = () => resourceOf(template, 'Custom::Trigger')

  test('migrates whenever the migration function has changed, and fails with it', () => {
    const [version] = resourceOf(template, 'AWS::Lambda::Version', 'MigrationMigrateFunction')
    expect(trigger()[1].Properties).toMatchObject({
      HandlerArn: ref(version),
      InvocationType: 'RequestResponse',
      ExecuteOnHandlerChange: true,
      Timeout: '300000',
    })
    const [, { Properties }] = resourceOf(template, 'AWS::Lambda::Function', 'MigrationMigrate')
    expect(Properties['Timeout']).toBe(300)
  })

  test('migrates before the other functions change, and when DynamoDB can be reached', () => {
    const [id, { DependsOn }] = trigger()
    for (const name of ['ApiFunction', 'OpenEventFunction']) {
      expect(resourceOf(template, 'AWS::Lambda::Function', name)[1].DependsOn).toContain(id)
    }
    expect(DependsOn).toContain(resourceOf(template, 'AWS::EC2::VPCEndpoint')[0])
    expect(DependsOn).toEqual(expect.arrayContaining(idsOf('AWS::EC2::SubnetRouteTableAssociation')))
  })
})

describe('the settings', () => {
  const api = (settings: Record<string, string>): Resource =>
    resourceOf(synthesize(settings), 'AWS::Lambda::Function', 'ApiFunction')[1]

  test('leave the concurrency to the account, or reserve it for the API', () => {
    expect(resourceOf(template, 'AWS::Lambda::Function', 'ApiFunction')[1].Properties).not.toHaveProperty(
      'ReservedConcurrentExecutions',
    )
    expect(api({ reservedConcurrency: '20' }).Properties['ReservedConcurrentExecutions']).toBe(20)
  })

  test('open the URL to everybody, or to those with credentials', () => {
    template.hasResourceProperties('AWS::Lambda::Url', { AuthType: 'NONE' })
    const closed = synthesize({ publicUrl: 'false' })
    closed.hasResourceProperties('AWS::Lambda::Url', { AuthType: 'AWS_IAM' })
    closed.resourceCountIs('AWS::Lambda::Permission', 0)
  })

  test('have the throughput paid by use, or limited and free', () => {
    synthesize({ throughput: 'bursting' }).hasResourceProperties('AWS::EFS::FileSystem', { ThroughputMode: 'bursting' })
  })

  test('let the data end with the stack, if that is said', () => {
    const passing = synthesize({ keepData: 'false' })
    expect(resourceOf(passing, 'AWS::EFS::FileSystem')[1].DeletionPolicy).toBe('Delete')
    const [, table] = resourceOf(passing, 'AWS::DynamoDB::Table')
    expect(table).toMatchObject({ DeletionPolicy: 'Delete', Properties: { DeletionProtectionEnabled: false } })
  })

  test.each([
    [{ reservedConcurrency: '0' }, '-c reservedConcurrency=0: expected a whole number above 0'],
    [{ reservedConcurrency: 'many' }, '-c reservedConcurrency=many: expected a whole number above 0'],
    [{ alarmEmail: 'me' }, '-c alarmEmail=me: expected an address'],
    [{ throughput: 'fast' }, '-c throughput=fast: expected elastic or bursting'],
    [{ publicUrl: 'no' }, '-c publicUrl=no: expected true or false'],
    [{ keepData: '1' }, '-c keepData=1: expected true or false'],
    [{ publicURL: 'false' }, '-c publicURL: there is no such setting; expected reservedConcurrency, '],
  ])('that are wrong are refused, and named: %o', (settings, message) => {
    expect(() => synthesize(settings)).toThrow(message)
  })
})

const byText = (a: unknown, b: unknown) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
