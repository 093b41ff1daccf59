import { leasePolicy } from '@sqlite-efs/lease'
import { beforeAll, expect, test } from 'vitest'
import { DATABASE } from '../../infra/database-file.js'
import { type Resource, resourceOf, resourcesOf, type Statement, synthesize } from './template.js'

/** The only actions that AWS can't limit to anything of ours: Lambda makes a function's network interfaces with them. */
const NETWORK_INTERFACES = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
]

let template: ReturnType<typeof synthesize>
let statements: { where: string; statement: Statement }[]

beforeAll(() => {
  template = synthesize({ alarmEmail: 'owner@example.com' })
  const { Resources } = template.toJSON() as { Resources: Record<string, Resource> }
  statements = Object.entries(Resources).flatMap(([where, { Properties }]) =>
    statementsIn(Properties).map((statement) => ({ where, statement })),
  )
})

/** Whatever policy it is in, and however deep. */
function statementsIn(value: unknown): Statement[] {
  if (typeof value !== 'object' || value === null) return []
  const own = 'Statement' in value && Array.isArray(value.Statement) ? (value.Statement as Statement[]) : []
  return [...own, ...Object.values(value).flatMap(statementsIn)]
}

const listed = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value])
const allowed = () => statements.filter(({ statement }) => statement.Effect === 'Allow')

/** What the roles of our functions may do. */
function rolesStatements(): { where: string; own: Statement[] }[] {
  return resourcesOf(template, 'AWS::IAM::Policy').map(([where, { Properties }]) => ({
    where,
    own: statementsIn(Properties),
  }))
}

test('every kind of policy in the stack is looked at', () => {
  const types = new Set(statements.map(({ where }) => where.replace(/[0-9A-F]{8}$/, '')))
  expect([...types].toSorted()).toEqual([
    'AWSCDKTriggerCustomResourceProviderCustomResourceProviderRole',
    'AlarmsTopicPolicy',
    'ApiRole',
    'ApiRoleDefaultPolicy',
    'MigrationMigrateRole',
    'MigrationMigrateRoleDefaultPolicy',
    'NetworkVpcDynamoDB',
    'OpenEventRole',
    'OpenEventRoleDefaultPolicy',
    'StorageFileSystem',
  ])
})

test('no action has a wildcard', () => {
  const actions = statements.flatMap(({ statement }) => listed(statement.Action))
  expect(actions.length).toBeGreaterThan(20)
  expect(actions.filter((action) => String(action).includes('*'))).toEqual([])
})

test('nothing is allowed on everything, but what AWS cannot limit', () => {
  const onEverything = allowed().filter(({ statement }) => listed(statement.Resource).includes('*'))
  expect(onEverything).toHaveLength(3)
  for (const { statement } of onEverything) expect(statement.Action).toEqual(NETWORK_INTERFACES)
})

test('and that is denied to the code of the functions', () => {
  for (const { own } of rolesStatements()) {
    const denial = own.find(({ Effect }) => Effect === 'Deny')
    expect(denial).toMatchObject({ Action: NETWORK_INTERFACES, Resource: '*' })
    expect(JSON.stringify(denial?.Condition)).toMatch(/^\{"ArnLike":\{"lambda:SourceFunctionArn":.*:function:\*/)
  }
})

test('no role has a policy of AWS, which would allow writing to every log', () => {
  const roles = resourcesOf(template, 'AWS::IAM::Role')
  expect(roles).toHaveLength(4)
  for (const [, { Properties }] of roles) expect(Properties).not.toHaveProperty('ManagedPolicyArns')
})

test('each function may have the lease of its file, and no more of DynamoDB: the policy that the lease gives', () => {
  const [table] = resourceOf(template, 'AWS::DynamoDB::Table')
  const tableArn = 'arn:aws:dynamodb:eu-central-1:123456789012:table/locks'
  const policy = leasePolicy({ tableArn, key: `database#${DATABASE}` })
  const expected = policy.Statement.map((statement) => ({ ...statement, Resource: { 'Fn::GetAtt': [table, 'Arn'] } }))
  const ofDynamoDB = (all: Statement[]) =>
    all.filter(({ Action }) => listed(Action).some((action) => String(action).startsWith('dynamodb:')))
  expect(rolesStatements()).toHaveLength(3)
  for (const { own } of rolesStatements()) expect(ofDynamoDB(own)).toEqual(expected)
  // The endpoint lets pass what the roles may do.
  const endpoint = statementsIn(resourceOf(template, 'AWS::EC2::VPCEndpoint')[1].Properties)
  expect(endpoint).toEqual(expected.map((statement) => ({ ...statement, Principal: { AWS: '*' } })))
})

test('each function may mount and write by its access point alone, and not as root', () => {
  const [accessPoint] = resourceOf(template, 'AWS::EFS::AccessPoint')
  const [fileSystem] = resourceOf(template, 'AWS::EFS::FileSystem')
  for (const { own } of rolesStatements()) {
    const [statement, ...others] = own.filter(({ Action }) =>
      String(listed(Action)[0]).startsWith('elasticfilesystem:'),
    )
    expect(others).toEqual([])
    expect(statement).toMatchObject({
      Effect: 'Allow',
      Action: ['elasticfilesystem:ClientMount', 'elasticfilesystem:ClientWrite'],
      Resource: { 'Fn::GetAtt': [fileSystem, 'Arn'] },
    })
    expect(statement?.Condition).toMatchObject({ StringEquals: { 'elasticfilesystem:AccessPointArn': {} } })
    expect(JSON.stringify(statement?.Condition)).toContain(JSON.stringify({ Ref: accessPoint }))
  }
})

test('each function may write to its own log alone', () => {
  for (const [, { Properties }] of resourcesOf(template, 'AWS::Lambda::Function')) {
    const { LogGroup } = Properties['LoggingConfig'] as { LogGroup: { Ref: string } }
    const role = (Properties['Role'] as { 'Fn::GetAtt': [string, string] })['Fn::GetAtt'][0]
    const its = statements.filter(
      ({ where, statement }) => belongsTo(where, role) && String(listed(statement.Action)[0]).startsWith('logs:'),
    )
    expect(its.map(({ statement }) => [statement.Action, statement.Resource])).toEqual([
      [['logs:CreateLogStream', 'logs:PutLogEvents'], { 'Fn::GetAtt': [LogGroup.Ref, 'Arn'] }],
    ])
  }
})

/** A role's own policies, and the one that is attached to it. */
function belongsTo(where: string, role: string): boolean {
  const attached = template.findResources('AWS::IAM::Policy')[where] as Resource | undefined
  return where === role || JSON.stringify(attached?.Properties['Roles'] ?? []).includes(JSON.stringify({ Ref: role }))
}

test('everybody may call the function URL, and nobody the function by another way', () => {
  const permissions = resourcesOf(template, 'AWS::Lambda::Permission').map(([, { Properties }]) => Properties)
  expect(permissions).toMatchObject([
    { Principal: '*', Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE' },
    { Principal: '*', Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true },
  ])
})
