import { check, checkTableName } from '../contract/options.js'
import type { Clock } from '../time/clock.js'
import { createClient, type DynamoDBClient, type DynamoDBClientConfig, DynamoDBRequests } from './client.js'

/** Options of {@link requestsTo}. */
interface TableRequestsOptions {
  clock: Clock
  requestTimeoutMs: number
  /** The caller's own, which stays open. @default one by `config` */
  client?: DynamoDBClient | undefined
  /** @default region and credentials of the environment */
  config?: DynamoDBClientConfig
}

/** The requests to one table. @throws LeaseError `CONFIGURATION` */
export function requestsTo(tableName: string, options: TableRequestsOptions): DynamoDBRequests {
  const { clock, requestTimeoutMs, config, client = createClient(requestTimeoutMs, config) } = options
  checkTableName(tableName)
  if (typeof client?.send !== 'function') throw check.wrong('client', 'be a DynamoDBClient', client)
  return new DynamoDBRequests(client, tableName, { clock, requestTimeoutMs, isOwnClient: options.client === undefined })
}
