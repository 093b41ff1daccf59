import { LeaseError, type LeaseErrorCode } from '../contract/errors.js'
import type { Attribute } from '../line/line-item.js'
import { StoreFailure } from '../line/line-store.js'

/** What the SDK throws. */
export interface Refusal extends Error {
  Item?: Record<string, Attribute>
  $metadata?: { httpStatusCode?: number }
}

/** The request that failed. */
export interface FailedRequest {
  operation: string
  tableName: string
  /** Nothing if the client knows none. */
  region: string | undefined
  /** The limit of the request. */
  timeoutMs: number
  dateMs: number | undefined
}

/** What the SDK threw, in this package's words. */
export function failureOf(error: Refusal, request: FailedRequest): StoreFailure {
  const { operation, tableName, region, dateMs } = request
  const { kind, code, what, advice, isTold = true } = judge(error, request)
  const where = region === undefined ? `table ${tableName}` : `table ${tableName} in ${region}`
  const told = isTold ? ` (${error.name}: ${error.message})` : ''
  const message = `${what}, ${where}: ${advice}${told}`
  const action = code === 'ACCESS_DENIED' && { action: `dynamodb:${operation}` }
  const details = { tableName, ...(region !== undefined && { region }), ...action }
  return new StoreFailure(kind, new LeaseError(code, message, details, { cause: error }), dateMs)
}

interface Judgement {
  kind: StoreFailure['kind']
  code: LeaseErrorCode
  /** What happened; the table follows. */
  what: string
  advice: string
  /** Whether the SDK's own words add anything. @default true */
  isTold?: boolean
}

const THROTTLED = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'LimitExceededException',
  'TransactionConflictException',
  'ReplicatedWriteConflictException',
])

/** The credentials are good, and may not do this. */
const DENIED = new Set(['AccessDeniedException', 'NotAuthorized'])

/** The credentials themselves are refused. */
const NOT_RECOGNIZED = new Set([
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'IncompleteSignatureException',
  'MissingAuthenticationTokenException',
  'ExpiredTokenException',
])

/** The SDK's name for a request that was aborted, here because its time was up, and for its own limit. */
const OUT_OF_TIME = new Set(['AbortError', 'TimeoutError'])

const NO_ANSWER = 'No usable answer from DynamoDB'
const REFUSED = 'Refused by DynamoDB'
const NOT_ASKED = 'DynamoDB was not asked'
const ROUTE = 'is there a route to it, or a VPC endpoint?'
/** AWS's own endpoints accept every connection. */
const NOTHING_LISTENS =
  "nothing listens there: correct AWS_ENDPOINT_URL or the client's endpoint, or start the emulator"

function judge({ name, message, $metadata }: Refusal, { operation, timeoutMs }: FailedRequest): Judgement {
  if (THROTTLED.has(name)) {
    return { kind: 'throttled', code: 'UNREACHABLE', what: NO_ANSWER, advice: 'it is throttling' }
  }
  if (name === 'CredentialsProviderError') {
    const advice =
      'no credentials were found; give this process a role (a profile, AWS_ACCESS_KEY_ID), or a client with credentials'
    return { kind: 'refused', code: 'ACCESS_DENIED', what: NOT_ASKED, advice }
  }
  if (/region is missing/i.test(message)) {
    const advice = 'the AWS SDK knows no region; set AWS_REGION, or give a client with a region'
    return { kind: 'refused', code: 'CONFIGURATION', what: NOT_ASKED, advice, isTold: false }
  }
  if (DENIED.has(name)) return { kind: 'refused', code: 'ACCESS_DENIED', what: REFUSED, advice: permission(operation) }
  if (NOT_RECOGNIZED.has(name)) {
    const advice = 'the credentials are not valid: they may have expired, or be for another partition of AWS'
    return { kind: 'refused', code: 'ACCESS_DENIED', what: REFUSED, advice }
  }
  if (name === 'ResourceNotFoundException') {
    const advice = 'there is no such table; create it (createLeaseTable), or correct tableName or the region'
    return { kind: 'refused', code: 'TABLE_NOT_FOUND', what: REFUSED, advice }
  }
  const status = $metadata?.httpStatusCode
  if (status !== undefined && status >= 400 && status < 500 && status !== 408) {
    return { kind: 'refused', code: 'CONFIGURATION', what: REFUSED, advice: 'is this a table with the key pk (S)?' }
  }
  if (OUT_OF_TIME.has(name)) {
    const what = `No answer from DynamoDB within ${timeoutMs} ms`
    return { kind: 'ambiguous', code: 'UNREACHABLE', what, advice: ROUTE, isTold: false }
  }
  const advice = message.includes('ECONNREFUSED') ? NOTHING_LISTENS : ROUTE
  return { kind: 'ambiguous', code: 'UNREACHABLE', what: NO_ANSWER, advice }
}

function permission(operation: string): string {
  const needed = `the credentials need dynamodb:${operation} on this table`
  if (operation === 'CreateTable') return `${needed} (createLeaseTable needs dynamodb:DescribeTable too)`
  if (operation === 'DescribeTable') return `${needed} (leasePolicy leaves it out: a leaser does not need it)`
  return `${needed} (leasePolicy prints the least policy)`
}
