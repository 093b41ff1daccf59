import { readFileSync } from 'node:fs'
import { CreateTableCommand } from '@aws-sdk/client-dynamodb'
import { type Policy } from '@sqlite-efs/toolkit'
import { describe, expect, test } from 'vitest'
import { inCliWords } from '../src/terminal/cli-words.js'
import { cli, cliJson, errorOf } from './support/cli.js'
import { libsql } from './support/libsql.js'
import { bank } from './support/scratch.js'
import { allowing, startTable, TABLE } from './support/table.js'

const KEY = 'database#/mnt/efs/app.db'
const ARN = 'arn:aws:dynamodb:eu-central-1:123456789012:table/app-locks'

describe('create-table', () => {
  test('makes a table that can be used, and leaves one alone that is there', async () => {
    const { env } = await startTable()
    const create = () => cliJson(['create-table', '--table', 'fresh'], { env })
    const first = await create()
    expect(first).toMatchObject({ code: 0, document: { table: 'fresh' }, stderr: '' })
    const page = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8')
    const example = /^\{ "table": .*\}$/m.exec(page)?.[0] ?? '{}'
    expect(Object.keys(JSON.parse(example) as object)).toEqual(Object.keys(first.document))
    expect(await create()).toMatchObject({ code: 0, document: { table: 'fresh' } })
    expect(await cli(['status', '--key', KEY, '--table', 'fresh'], { env })).toMatchObject({ code: 0 })
  })

  test('refuses a table that has another key', async () => {
    const { env, client } = await startTable()
    await client.send(
      new CreateTableCommand({
        TableName: 'other',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      }),
    )
    const ended = await cli(['create-table', '--table', 'other', '--json'], { env })
    expect(ended.code).toBe(1)
    expect(errorOf(ended)).toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('id HASH S') as string,
    })
  })

  test('says which permission is missing', async () => {
    const { env, dynamodb } = await startTable()
    dynamodb.policy = allowing(dynamodb)
    const { code, stderr } = await cli(['create-table', '--table', 'fresh'], { env })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^ACCESS_DENIED: .*dynamodb:DescribeTable/)
    expect(stderr).not.toContain('sqlite-efs iam')
  })
})

describe('iam', () => {
  const policyOf = (...args: string[]) => cliJson(['iam', '--key', KEY, ...args])

  test('prints a policy for the one item, from a composed ARN', async () => {
    const { code, document } = await policyOf('--table', TABLE, '--region', 'eu-central-1', '--account', '123456789012')
    expect(code).toBe(0)
    expect(document).toMatchObject({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
          Resource: ARN,
          Condition: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [KEY] } },
        },
      ],
    })
  })

  test.each([
    ['--table-arn', [ARN], ARN],
    ['--table, as an ARN', [ARN], ARN],
    [
      'China',
      [TABLE, '--region', 'cn-north-1', '--account', '123456789012'],
      ARN.replace('aws', 'aws-cn').replace('eu-central-1', 'cn-north-1'),
    ],
    [
      'GovCloud',
      [TABLE, '--region', 'us-gov-west-1', '--account', '123456789012'],
      ARN.replace('aws', 'aws-us-gov').replace('eu-central-1', 'us-gov-west-1'),
    ],
  ])('takes the ARN from %s', async (name, args, arn) => {
    const option = name === '--table-arn' ? '--table-arn' : '--table'
    expect((await policyOf(option, ...args)).document).toMatchObject({ Statement: [{ Resource: arn }] })
  })

  test('asks DynamoDB for the ARN where nothing else says it', async () => {
    const { env, dynamodb } = await startTable()
    const { code, stdout } = await cli(['iam', '--key', KEY], { env })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toHaveProperty(
      'Statement.0.Resource',
      expect.stringMatching(/^arn:aws:dynamodb:.*:table\/app-locks$/),
    )
    expect(dynamodb.requests.at(-1)).toMatchObject({ action: 'dynamodb:DescribeTable' })
    expect(await cli(['iam', '--key', KEY, '--table', 'nowhere'], { env })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^TABLE_NOT_FOUND: /) as string,
    })
  })

  test('knows the actions of the protocol of django-sqlite-efs', async () => {
    const { document } = await policyOf('--table-arn', ARN, '--protocol', 'django-sqlite-efs')
    expect(document).toMatchObject({
      Statement: [{ Action: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem'] }],
    })
  })

  test.each([
    [['--table-arn', 'arn:aws:s3:::bucket'], /^Option --table-arn must be .*, got "arn:aws:s3:::bucket"/],
    [
      ['--table-arn', 'arn:aws:dynamodb:eu-central-1:123456789012:table/*'],
      /^Option --table-arn must be .*, without wildcards, got /,
    ],
    [['--table', TABLE, '--account', '123456789012'], /--region, or AWS_REGION/],
    [
      ['--table', TABLE, '--region', 'eu-central-1', '--account', '123'],
      /^Option --account must be the 12 digits.*, got "123"/,
    ],
    [['--table', TABLE, '--region', 'eu-central-1', '--account', '1234-5678-9012'], /--account.*without hyphens/],
    [
      ['--table', TABLE, '--region', 'Frankfurt', '--account', '123456789012'],
      /^Option --region must be a region.*, got "Frankfurt"/,
    ],
    [
      ['--table', 'my table', '--region', 'eu-central-1', '--account', '123456789012'],
      /^Option --table must be .*, got "my table"/,
    ],
    [['--table', 'arn:aws:s3:::bucket'], /^Option --table must be .*, got "arn:aws:s3:::bucket"/],
    [['--local'], /--local uses no table/],
  ])('%j is refused, and the message names the option', async (args, message) => {
    const ended = await cli(['iam', '--key', KEY, ...args, '--json'])
    expect(ended.code).toBe(2)
    const error = errorOf(ended)
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringMatching(message) as string })
    expect(error.message).not.toMatch(/tableArn|tableName/)
  })

  test('prints what is enough to write under the lease, and to diagnose it', async () => {
    const { env, dynamodb, leaser } = await startTable()
    const path = await bank(undefined, leaser)
    const arn = dynamodb.arnOf(TABLE)
    const { document } = await cliJson(['iam', '--url', path, '--table-arn', arn])
    dynamodb.policy = document as unknown as Policy
    const sql = 'PRAGMA journal_mode=PERSIST; UPDATE account SET balance = 1'
    const ended = await cli(['run', '--url', path, ...libsql(path, sql)], { env })
    expect(ended).toMatchObject({ code: 0, stderr: '' })
    expect(dynamodb.refused).toEqual([])
    expect(await cli(['doctor', '--url', path], { env })).toMatchObject({ code: 0 })
    const stranger = await cli(['status', '--key', KEY], { env })
    expect(stranger).toMatchObject({ code: 1, stdout: expect.stringContaining('ACCESS_DENIED') as string })
  })
})

test.each([[[]], [['--json']]])('an error of the table names the command that helps, %j', async (json) => {
  const { env, dynamodb, leaser } = await startTable()
  const path = await bank(undefined, leaser)
  const vacuum = ['vacuum', '--url', path, ...json]
  const missing = await cli([...vacuum, '--table', 'nowhere'], { env })
  expect(missing.stderr).toMatch(/TABLE_NOT_FOUND/)
  expect(missing.stderr).toContain('To create the table: sqlite-efs create-table')
  expect((await cli(['status', '--key', KEY, '--table', 'nowhere', ...json], { env })).stderr).toContain('create-table')
  dynamodb.policy = allowing(dynamodb)
  const denied = await cli(vacuum, { env })
  expect(denied.stderr).toContain('The policy that is needed: sqlite-efs iam')
  if (json.length > 0) expect(errorOf(denied)).toMatchObject({ code: 'ACCESS_DENIED' })
})

describe('without credentials or a region', () => {
  const nowhere = { AWS_EC2_METADATA_DISABLED: 'true', HOME: '/nonexistent' }

  test.each([
    ['create-table', ['create-table'], /Credentials are found as the AWS SDK finds them/],
    ['iam', ['iam', '--key', KEY], /give --table-arn, or --account with --region/],
    ['release', ['release', '--key', KEY, '--ticket', '1'], /Credentials are found as the AWS SDK finds them/],
  ])('%s says how they are found, and recommends no policy', async (_, args, hint) => {
    const ended = await cli([...args, '--table', TABLE, '--region', 'eu-central-1'], { env: nowhere })
    expect(ended.code).toBe(1)
    expect(ended.stderr).toMatch(/ACCESS_DENIED: .*no credentials/)
    expect(ended.stderr).toMatch(hint)
    expect(ended.stderr).not.toMatch(/sqlite-efs iam|--local|a client with/)
  })

  test('doctor says of each permission how credentials are found, and not that a policy is missing', async () => {
    const path = await bank()
    const args = ['doctor', '--url', path, '--table', TABLE, '--region', 'eu-central-1']
    const { code, stdout } = await cli(args, { env: nowhere })
    expect(code).toBe(4)
    expect(stdout.match(/-> Credentials are found as the AWS SDK finds them/g)).toHaveLength(3)
    expect(stdout).not.toContain('sqlite-efs iam')
  })

  test('a region is set by --region, and create-table does not speak of --local, which it does not have', async () => {
    const noRegion = await cli(['create-table', '--table', TABLE], { env: nowhere })
    expect(noRegion.stderr).toMatch(/AWS_REGION or --region/)
    const noTable = await cli(['create-table'], { env: nowhere })
    expect(noTable).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^USAGE: Option --table must name .*SQLITE_LOCK/) as string,
    })
    expect(noTable.stderr).not.toContain('--local')
  })
})

test.each([
  ['Option tableName must be', 'Option --table must be'],
  [
    'Wait longer (timeoutMs), or hold the lease for shorter.',
    'Wait longer (--timeout-ms), or hold the lease for shorter.',
  ],
  ['The option here is lease.timeoutMs.', 'The option here is --timeout-ms.'],
  ['raise lease.ttlMs', 'raise --ttl-ms'],
  ['create it (createLeaseTable), or correct tableName', 'create it (sqlite-efs create-table), or correct --table'],
  ["correct AWS_ENDPOINT_URL or the client's endpoint", 'correct AWS_ENDPOINT_URL'],
  ['/mnt/app-ttlMs.db is busy', '/mnt/app-ttlMs.db is busy'],
])('%s is %s in the words of the command line', (theirs, ours) => {
  expect(inCliWords(theirs)).toBe(ours)
})
