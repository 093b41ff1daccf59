import { LeaseError } from '../contract/errors.js'
import { checkKey, checkObject } from '../contract/options.js'
import { StoreFailure } from '../line/line-store.js'
import { type Clock, Moment, systemClock } from '../time/clock.js'
import { provenSkewMs } from '../time/clock-skew.js'
import type { DynamoDBClient, DynamoDBRequests } from './client.js'
import { ACTIONS, checkProtocol } from './iam-policy.js'
import { requestsTo } from './table-requests.js'

const REQUEST_TIMEOUT_MS = 3000
/** An HTTP Date has whole seconds (https://www.rfc-editor.org/rfc/rfc9110#name-date-time-formats). */
const DATE_RESOLUTION_MS = 1000

/** What {@link diagnoseLease} is told. */
export interface DiagnoseLeaseOptions {
  /** The table, by name or ARN. */
  tableName: string
  /** The key whose item is tried. */
  key: string
  /** @default one whose region and credentials come from the environment, with short timeouts and no retries */
  client?: DynamoDBClient
  /** Which protocol's permissions are tried. @default 'line' */
  protocol?: 'line' | 'django-sqlite-efs'
  /** Time, for tests. @default the machine's own clocks */
  clock?: Clock
}

/**
 * What was found of the table.
 *
 * - `fits`: it can be used.
 * - `wrong-key`: its key is not exactly `pk`, a string.
 * - `not-ready`: it is being made, or deleted.
 * - `missing`: there is none in this region.
 * - `unknown`: it could not be asked. Denied dynamodb:DescribeTable is no fault: no leaser needs it.
 */
export interface TableFinding {
  /** See above. */
  state: 'fits' | 'wrong-key' | 'not-ready' | 'missing' | 'unknown'
  /** Each as `<name> HASH|RANGE S|N|B`. */
  keys: string[]
  /** Why it is unknown. */
  error?: LeaseError
}

/** What was found of one action that the protocol needs. */
export interface Permission {
  /** As IAM names it: `dynamodb:UpdateItem`, say. */
  action: string
  /** `unknown` where DynamoDB could not be asked, or refused for another reason. */
  state: 'allowed' | 'denied' | 'unknown'
  /** Why it is not known to be allowed. */
  error?: LeaseError
}

/** What {@link diagnoseLease} found. */
export interface LeaseDiagnosis {
  /** As it was asked for. */
  tableName: string
  /** As it was asked for. */
  key: string
  /** Whose actions were tried. */
  protocol: 'line' | 'django-sqlite-efs'
  /** Missing where the client knows none. */
  region?: string
  /** The table, and whether its key fits. */
  table: TableFinding
  /** Each action of the protocol, in the order of {@link leasePolicy}. */
  permissions: Permission[]
  /** Missing where no answer had a `Date`. */
  clock?: {
    /** How far this machine's wall clock is ahead of DynamoDB's, in milliseconds; negative where it is behind. */
    skewMs: number
    /** By how much `skewMs` may be wrong in either direction: half of the `Date`'s second, and half of the request. */
    uncertaintyMs: number
    /** What of it is proven; a leaser refuses to work where this is more than its `maxClockSkewMs`. */
    provenSkewMs: number
  }
  /** How long one read of the item took, connecting not included, in milliseconds. Missing where it was not answered. */
  latencyMs?: number
}

/**
 * Looks whether a leaser could work, and changes nothing: GetItem, and each write with a condition that can't hold (billed as
 * one write unit). Takes at most some seconds.
 *
 * @throws LeaseError `CONFIGURATION` for an option that is wrong, and nothing for what it finds
 */
export async function diagnoseLease(options: DiagnoseLeaseOptions): Promise<LeaseDiagnosis> {
  checkObject(options)
  const key = checkKey(options.key)
  const protocol = checkProtocol(options.protocol)
  const { tableName, client, clock = systemClock } = options
  const requests = requestsTo(tableName, { clock, requestTimeoutMs: REQUEST_TIMEOUT_MS, client })
  try {
    const table = await findTable(requests)
    const permissions: Permission[] = []
    for (const action of ACTIONS[protocol]) permissions.push(await findPermission(requests, key, action))
    const region = await requests.region()
    const measured = await measure(requests, key, clock)
    return { tableName, key, protocol, ...(region !== undefined && { region }), table, permissions, ...measured }
  } finally {
    await requests.closeIdle()
  }
}

async function findTable(requests: DynamoDBRequests): Promise<TableFinding> {
  try {
    const table = await requests.describeTable()
    if (!table) return { state: 'missing', keys: [] }
    const { keys, status } = table
    if (keys.length !== 1 || keys[0] !== 'pk HASH S') return { state: 'wrong-key', keys }
    return { state: ['ACTIVE', 'UPDATING'].includes(status) ? 'fits' : 'not-ready', keys }
  } catch (error) {
    return { state: 'unknown', keys: [], error: leaseErrorOf(error) }
  }
}

async function findPermission(
  requests: DynamoDBRequests,
  key: string,
  action: (typeof ACTIONS)[keyof typeof ACTIONS][number],
): Promise<Permission> {
  try {
    await tryAction(requests, key, action)
    return { action, state: 'allowed' }
  } catch (thrown) {
    const error = leaseErrorOf(thrown)
    return { action, state: error.code === 'ACCESS_DENIED' ? 'denied' : 'unknown', error }
  }
}

async function tryAction(requests: DynamoDBRequests, key: string, action: string): Promise<void> {
  const item = { pk: { S: key } }
  const never = { ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(pk)' }
  switch (action) {
    case 'dynamodb:GetItem':
      await requests.get({ Key: item })
      break
    case 'dynamodb:UpdateItem':
      await requests.update({ Key: item, UpdateExpression: 'REMOVE diagnosis', ...never })
      break
    case 'dynamodb:PutItem':
      await requests.put({ Item: item, ...never })
      break
    default:
      await requests.delete({ Key: item, ...never })
  }
}

/** On a connection that is open by now. */
async function measure(
  requests: DynamoDBRequests,
  key: string,
  clock: Clock,
): Promise<Pick<LeaseDiagnosis, 'clock' | 'latencyMs'>> {
  const sent = new Moment(clock)
  let dateMs: number | undefined
  let latencyMs: number | undefined
  try {
    dateMs = (await requests.get({ Key: { pk: { S: key } } })).dateMs
    latencyMs = sent.elapsedMs()
  } catch (error) {
    // A refusal has a Date as well.
    if (error instanceof StoreFailure) dateMs = error.dateMs
  }
  const receivedWallMs = clock.wallMs()
  return {
    ...(dateMs !== undefined && { clock: skewOf(dateMs, sent.wallMs, receivedWallMs) }),
    ...(latencyMs !== undefined && { latencyMs }),
  }
}

/** DynamoDB made the `Date` between sending and receiving, at some time in its second. */
function skewOf(dateMs: number, sentWallMs: number, receivedWallMs: number) {
  const leastMs = sentWallMs - (dateMs + DATE_RESOLUTION_MS)
  const mostMs = receivedWallMs - dateMs
  return {
    skewMs: (leastMs + mostMs) / 2,
    uncertaintyMs: (mostMs - leastMs) / 2,
    provenSkewMs: provenSkewMs(dateMs, sentWallMs, receivedWallMs),
  }
}

function leaseErrorOf(thrown: unknown): LeaseError {
  if (thrown instanceof StoreFailure) return thrown.error
  if (thrown instanceof LeaseError) return thrown
  const { message } = thrown as Error
  return new LeaseError('UNREACHABLE', `DynamoDB could not be asked (${message}).`, {}, { cause: thrown })
}
