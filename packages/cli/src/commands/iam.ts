import { LeaseError, leasePolicy, leaseTableArn } from '@sqlite-efs/lease'
import { checkTableArn } from '@sqlite-efs/lease/internal'
import type { Command } from 'commander'
import { CliError, check } from '../contract/errors.js'
import { accountId, addFileOption, addLeaseOptions, addOutputOptions, type LeaseOptions } from '../target/options.js'
import { requireKey, requireTable } from '../target/target.js'
import { noAnswerFrom, saysWaiting, tableInWords } from '../target/waiting.js'
import { Output } from '../terminal/output.js'

interface IamOptions extends LeaseOptions {
  tableArn?: string
  account?: string
  json?: boolean
}

const HELP = `
What it prints:
  an IAM policy document that allows the actions of the protocol on the one item of this database, and nothing
  else. Attach it to the role of the application; "sqlite-efs run", "migrate", "restore" and the others need no
  more. "create-table" does: dynamodb:DescribeTable and dynamodb:CreateTable.

Where the table's ARN comes from, in this order:
  --table-arn; --table, where that is one; --table with --region and --account; else DynamoDB is asked, which
  needs dynamodb:DescribeTable.

Examples:
  sqlite-efs iam --key database#/mnt/efs/app.db --table app-locks --region eu-central-1 --account 123456789012
  aws iam put-role-policy --role-name app --policy-name sqlite-efs --policy-document "$(sqlite-efs iam --json)"

Exit codes:
  0  printed
  1  DynamoDB could not be asked for the ARN
  2  wrong usage`

export function addIam(program: Command): void {
  const command = program
    .command('iam')
    .summary('print the least IAM policy')
    .description('Prints the least IAM policy with which the application can take its lease.')
  addLeaseOptions(addFileOption(command))
    .optionsGroup("The table's ARN:")
    .option('--table-arn <arn>', 'arn:aws:dynamodb:<region>:<account>:table/<name>')
    .option('--account <id>', 'the AWS account, of 12 digits, to compose it with --region', accountId)
  addOutputOptions(command)
    .addHelpText('after', HELP)
    .action(async ({ json = false, ...options }: IamOptions) => {
      if (options.local) throw new CliError('USAGE', '--local uses no table, and needs no policy.')
      const key = requireKey(options)
      const { protocol = 'line' } = options
      const output = new Output(json)
      const policy = leasePolicy({ tableArn: await tableArnOf(options, output), key, protocol })
      output.result(policy, JSON.stringify(policy, null, 2))
    })
}

async function tableArnOf({ tableArn, account, ...options }: IamOptions, output: Output): Promise<string> {
  if (tableArn !== undefined) return checkTableArn(tableArn, check)
  const table = requireTable(options, { mayBeLocal: false })
  if (table.startsWith('arn:')) return table
  if (account === undefined) {
    try {
      return await saysWaiting(output, noAnswerFrom(tableInWords(table)), () => leaseTableArn({}, table))
    } catch (error) {
      const isAnswered = error instanceof LeaseError && error.code === 'TABLE_NOT_FOUND'
      if (!isAnswered)
        output.note('DynamoDB need not be asked for the ARN: give --table-arn, or --account with --region.')
      throw error
    }
  }
  const region = process.env['AWS_REGION']
  if (!region) throw new CliError('USAGE', 'With --account the region is wanted too: --region, or AWS_REGION.')
  if (!/^[a-z]{2}(-[a-z]+)+-\d+$/.test(region)) {
    const source = options.region === undefined ? 'AWS_REGION' : '--region'
    throw check.wrong(source, 'be a region like eu-central-1', region)
  }
  return `arn:${partitionOf(region)}:dynamodb:${region}:${account}:table/${table}`
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn'
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
}
