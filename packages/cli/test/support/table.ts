import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createLeaseTable, DynamoDBLeaser } from '@sqlite-efs/lease'
import { PolicedDynamoDB } from '@sqlite-efs/toolkit'
import { onTestFinished } from 'vitest'

export const TABLE = 'app-locks'

/** A DynamoDB API that notes what it is asked for and refuses what it is told to, with the table of the leases in it. */
export interface TestTable {
  dynamodb: PolicedDynamoDB
  client: DynamoDBClient
  /** With this a command line finds API and table. */
  env: Record<string, string>
  leaser: DynamoDBLeaser
}

export async function startTable(): Promise<TestTable> {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true'
  const dynamodb = await PolicedDynamoDB.start()
  onTestFinished(() => dynamodb[Symbol.asyncDispose]())
  const { endpoint, region, credentials } = dynamodb.config
  const client = new DynamoDBClient(dynamodb.config)
  await createLeaseTable(client, TABLE)
  const env = {
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    SQLITE_LOCK_DYNAMODB_TABLE: TABLE,
  }
  return { dynamodb, client, env, leaser: new DynamoDBLeaser({ tableName: TABLE, client }) }
}

/** A policy that allows these actions on the table, and no others. */
export const allowing = (dynamodb: PolicedDynamoDB, ...actions: string[]) => ({
  Statement: [{ Effect: 'Allow', Action: actions, Resource: dynamodb.arnOf(TABLE) }],
})
