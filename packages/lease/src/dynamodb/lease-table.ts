import { LeaseError } from '../contract/errors.js'
import { StoreFailure } from '../line/line-store.js'
import { type Clock, Moment, sleep, systemClock } from '../time/clock.js'
import type { DynamoDBClient, DynamoDBClientConfig, DynamoDBRequests } from './client.js'
import { requestsTo } from './table-requests.js'

const REQUEST_TIMEOUT_MS = 5000
const POLL_MS = 500
const PATIENCE_MS = 120_000

/** What {@link createLeaseTable} found or made. */
export interface LeaseTable {
  /** False: it was there already, and is left as it is. */
  isNew: boolean
  /** Whether DynamoDB refuses to delete it. A deleted table sets all tickets back. */
  isProtected: boolean
}

/** How {@link createLeaseTable} waits. */
export interface CreateLeaseTableOptions {
  /** Time, for tests. @default the machine's own clocks */
  clock?: Clock
  /** Hears once of each new reason why it still waits: an `UNREACHABLE`, or that the table is not ready yet. */
  onWait?: (why: LeaseError) => void
}

/**
 * Creates the table for {@link DynamoDBLeaser} (key `pk`, a string; billed by request; protected against deletion) and waits, for
 * at most two minutes, until it can be used. A table that is there already is left as it is, without protection too. Needs
 * dynamodb:DescribeTable and dynamodb:CreateTable.
 *
 * @throws LeaseError `CONFIGURATION` when a table of that name has another key, `ACCESS_DENIED`, `UNREACHABLE`
 */
export async function createLeaseTable(
  client: DynamoDBClient | DynamoDBClientConfig,
  tableName: string,
  { clock = systemClock, onWait = () => {} }: CreateLeaseTableOptions = {},
): Promise<LeaseTable> {
  return withRequests(client, tableName, clock, (requests) => create(requests, { tableName, clock, onWait }))
}

/**
 * Asks for a table's ARN, which {@link leasePolicy} wants. Needs dynamodb:DescribeTable.
 *
 * @throws LeaseError `TABLE_NOT_FOUND`, `ACCESS_DENIED`, `UNREACHABLE`, `CONFIGURATION`
 */
export async function leaseTableArn(client: DynamoDBClient | DynamoDBClientConfig, tableName: string): Promise<string> {
  const table = await withRequests(client, tableName, systemClock, (requests) => requests.describeTable()).catch(
    (error: unknown) => {
      throw error instanceof StoreFailure ? error.error : error
    },
  )
  if (table) return table.arn
  throw new LeaseError('TABLE_NOT_FOUND', `There is no table ${tableName} in this region.`, { tableName })
}

/** Has the table asked by the caller's client, or by one that is closed afterwards. */
async function withRequests<T>(
  client: DynamoDBClient | DynamoDBClientConfig,
  tableName: string,
  clock: Clock,
  ask: (requests: DynamoDBRequests) => Promise<T>,
): Promise<T> {
  const requests = requestsTo(tableName, {
    clock,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    ...('send' in client ? { client } : { config: client }),
  })
  try {
    return await ask(requests)
  } finally {
    await requests.closeIdle()
  }
}

async function create(
  requests: DynamoDBRequests,
  { tableName, clock, onWait }: Required<CreateLeaseTableOptions> & { tableName: string },
): Promise<LeaseTable> {
  const since = new Moment(clock)
  let failure: StoreFailure | undefined
  let isAsked = false
  let isNew = false
  let told = ''
  const tell = (why: LeaseError) => {
    if (why.message !== told) onWait(why)
    told = why.message
  }
  while (since.elapsedMs() < PATIENCE_MS) {
    try {
      const table = await requests.describeTable()
      if (table) {
        checkKeys(tableName, table.keys)
        if (table.status === 'ACTIVE' || table.status === 'UPDATING') {
          return { isNew, isProtected: isNew || table.isProtected }
        }
        tell(new LeaseError('UNREACHABLE', `The table ${tableName} is ${table.status}, not ACTIVE yet.`, { tableName }))
      } else if (!isAsked) {
        isNew = await requests.createTable()
        isAsked = true
        continue
      }
      failure = undefined
    } catch (error) {
      if (!(error instanceof StoreFailure)) throw error
      if (error.kind === 'refused') throw error.error
      failure = error
      tell(error.error)
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
