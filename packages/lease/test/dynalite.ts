import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import { type LocalDynamoDB, startDynamoDB as startServer } from '@sqlite-efs/toolkit'
import { type Clock, createLeaseTable } from '../src/index.js'

export const TABLE = 'leases'

type RequestHandler = DynamoDBClient['config']['requestHandler']
export type Handle = RequestHandler['handle']

/** A client whose every attempt goes through `wrap`: the deterministic place for faults. */
export function intercepted(db: TestDynamoDB, wrap: (send: Handle) => Handle): DynamoDBClient {
  const { requestHandler } = db.client().config
  return db.client({ requestHandler: { ...requestHandler, handle: wrap(requestHandler.handle.bind(requestHandler)) } })
}

/** A client whose server has the time of `clock`. */
export function clientOf(db: TestDynamoDB, clock: Clock): DynamoDBClient {
  return intercepted(db, (send) => async (request, options) => {
    const output = await send(request, options)
    output.response.headers['date'] = new Date(clock.wallMs()).toUTCString()
    return output
  })
}

/** A DynamoDB in this process, with an empty lease table. */
export interface TestDynamoDB {
  config: LocalDynamoDB['config']
  env: LocalDynamoDB['env']
  client(config?: DynamoDBClientConfig): DynamoDBClient
  stop(): Promise<void>
}

export async function startDynamoDB(): Promise<TestDynamoDB> {
  const server = await startServer()
  const clients: DynamoDBClient[] = []
  const client = (config: DynamoDBClientConfig = {}) => {
    const made = new DynamoDBClient({
      ...server.config,
      maxAttempts: 1,
      ...config,
    })
    clients.push(made)
    return made
  }
  await createLeaseTable(client(), TABLE)
  return {
    config: server.config,
    env: server.env,
    client,
    async stop() {
      for (const made of clients) made.destroy()
      await server.close()
    },
  }
}
