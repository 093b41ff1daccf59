// A DynamoDB API with a lease table, in a process of its own until its standard input ends: node dynamodb-server.ts <table>.
// What a test does to its own process, to its timers for example, does not reach it.
import { createLeaseTable } from '@sqlite-efs/lease'
import { startDynamoDB } from '@sqlite-efs/toolkit'

const dynamodb = await startDynamoDB()
await createLeaseTable(dynamodb.config, process.argv[2]!)
process.stdout.write(JSON.stringify(dynamodb.env))
process.stdout.end()
process.stdin.resume().on('end', () => process.exit())
