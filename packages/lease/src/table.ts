import { type Clock, Moment, sleep, systemClock } from './clock.js'
import { createClient, type DynamoDBClient, type DynamoDBClientConfig, DynamoDBRequests } from './dynamodb-client.js'
import { LeaseError } from './errors.js'
import { StoreFailure } from './line-store.js'
import { checkTableName } from './options.js'

const REQUEST_TIMEOUT_MS = 5000
const POLL_MS = 500
const PATIENCE_MS = 120_000

/**
 * Creates the table for {@link DynamoDBLeaser} (key `pk`, a string; billed by request) and waits, for at most two
 * minutes, until it can be used. A table that is there already is left as it is. Needs dynamodb:DescribeTable and
 * dynamodb:CreateTable.
 *
 * @throws LeaseError `CONFIGURATION` when a table of that name has another key, `ACCESS_DENIED`, `UNREACHABLE`
 */
export async function createLeaseTable(
  client: DynamoDBClient | DynamoDBClientConfig,
  tableName: string,
  { clock = systemClock }: { clock?: Clock } = {},
): Promise<void> {
  checkTableName(tableName)
  const isOwn = !('send' in client)
  const sender = isOwn ? createClient(REQUEST_TIMEOUT_MS, client) : client
  const requests = new DynamoDBRequests(sender, tableName, {
    clock,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    isOwnClient: isOwn,
  })
  try {
    await create(requests, tableName, clock)
  } finally {
    await requests.closeIdle()
  }
}

/**
 * Asks for a table's ARN, which {@link leasePolicy} wants. Needs dynamodb:DescribeTable.
 *
 * @throws LeaseError `TABLE_NOT_FOUND`, `ACCESS_DENIED`, `UNREACHABLE`, `CONFIGURATION`
 */
export async function leaseTableArn(client: DynamoDBClient | DynamoDBClientConfig, tableName: string): Promise<string> {
  checkTableName(tableName)
  const isOwn = !('send' in client)
  const sender = isOwn ? createClient(REQUEST_TIMEOUT_MS, client) : client
  const bounds = { clock: systemClock, requestTimeoutMs: REQUEST_TIMEOUT_MS, isOwnClient: isOwn }
  const requests = new DynamoDBRequests(sender, tableName, bounds)
  try {
    const table = await requests.describeTable()
    if (table) return table.arn
  } catch (error) {
    throw error instanceof StoreFailure ? error.error : error
  } finally {
    await requests.closeIdle()
  }
  throw new LeaseError('TABLE_NOT_FOUND', `There is no table ${tableName} in this region.`, { tableName })
}

async function create(requests: DynamoDBRequests, tableName: string, clock: Clock): Promise<void> {
  const since = new Moment(clock)
  let failure: StoreFailure | undefined
  let created = false
  while (since.elapsedMs() < PATIENCE_MS) {
    try {
      const table = await requests.describeTable()
      if (table) {
        checkKeys(tableName, table.keys)
        if (table.status === 'ACTIVE' || table.status === 'UPDATING') return
      } else if (!created) {
        await requests.createTable()
        created = true
        continue
      }
      failure = undefined
    } catch (error) {
      if (!(error instanceof StoreFailure)) throw error
      if (error.kind === 'refused') throw error.error
      failure = error
    }
    await sleep(clock, POLL_MS)
  }
  const message = `The table ${tableName} did not become ACTIVE within ${PATIENCE_MS / 1000} s.`
  throw failure?.error ?? new LeaseError('UNREACHABLE', message, { tableName })
}

function checkKeys(tableName: string, keys: string[]): void {
  if (keys.length === 1 && keys[0] === 'pk HASH S') return
  const message = `The table ${tableName} has the key ${keys.join(', ')}; leases need exactly pk HASH S. Use another table.`
  throw new LeaseError('CONFIGURATION', message, { tableName })
}
