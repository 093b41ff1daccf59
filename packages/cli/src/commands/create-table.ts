import { createLeaseTable } from '@sqlite-efs/lease'
import type { Command } from 'commander'
import { addOutputOptions } from '../target/options.js'
import { requireTable } from '../target/target.js'
import { saysWaiting, tableInWords } from '../target/waiting.js'
import { inCliWords } from '../terminal/cli-words.js'
import { Output } from '../terminal/output.js'

interface CreateTableOptions {
  table?: string
  region?: string
  json?: boolean
}

const HELP = `
What it needs:
  dynamodb:DescribeTable and dynamodb:CreateTable. The application needs neither of them: see "sqlite-efs iam".

What it makes:
  A table that DynamoDB refuses to delete (deletion protection): without its tickets a late writer would look new.
  A table that was there already is not changed; it says so where that one has no protection.
  While DynamoDB does not answer, or the table is not ready, it tries again for two minutes.

What it costs:
  Nothing while nobody writes: the table is billed by request.

Examples:
  sqlite-efs create-table --table app-locks --region eu-central-1

Exit codes:
  0  the table is there and can be used; one that was there already is left as it is
  1  failed: no access, no answer, or a table of that name with another key
  2  wrong usage`

export function addCreateTable(program: Command): void {
  const command = program
    .command('create-table')
    .summary('create the DynamoDB table that has the leases')
    .description(
      'Creates the DynamoDB table for leases, with the partition key pk of type String and on-demand billing, and waits until it can be used. One table serves any number of databases.',
    )
    .optionsGroup('The table:')
    .option('--table <name>', 'its name (else: $SQLITE_LOCK_DYNAMODB_TABLE)')
    .option('--region <region>', 'its region (else: $AWS_REGION, as the AWS SDK reads it)')
  addOutputOptions(command)
    .addHelpText('after', HELP)
    .action(async ({ json = false, ...options }: CreateTableOptions) => {
      const output = new Output(json)
      const table = requireTable(options, { mayBeLocal: false })
      let reason = 'there is no answer, or it is still being created'
      const what = (waited: string) =>
        `No ${tableInWords(table)} to be used after ${waited}: ${reason}. Ctrl-C ends the wait.`
      const onWait = ({ message }: { message: string }) => {
        reason = inCliWords(message).replace(/\.$/, '')
      }
      const { isNew, isProtected } = await saysWaiting(output, what, () => createLeaseTable({}, table, { onWait }))
      output.result({ table, isNew, isProtected }, textOf(table, isNew, isProtected))
    })
}

function textOf(table: string, isNew: boolean, isProtected: boolean): string {
  if (isNew) return `The table ${table} can be used. It is protected against deletion.`
  if (isProtected) return `The table ${table} was there already, and can be used.`
  return `The table ${table} was there already, and can be used. It is not protected against deletion: aws dynamodb update-table --table-name ${table} --deletion-protection-enabled`
}
