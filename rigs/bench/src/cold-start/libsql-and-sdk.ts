// With a client for DynamoDB, as ours has one, and with the commands that ours uses.
import {
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { databaseUrl, firstQuery } from './first-query.js'

const commands = [
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
]
const client = new DynamoDBClient({ maxAttempts: 1, requestHandler: { connectionTimeout: 1000, requestTimeout: 1000 } })
Object.assign(globalThis, { client, commands })

await firstQuery(() => new PrismaLibSql({ url: databaseUrl }))
