import {
  type $Command,
  CreateTableCommand,
  DeleteItemCommand,
  type DeleteItemCommandInput,
  type DeleteItemCommandOutput,
  DescribeTableCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  type DynamoDBClientResolvedConfig,
  GetItemCommand,
  type GetItemCommandInput,
  PutItemCommand,
  type PutItemCommandInput,
  type PutItemCommandOutput,
  type ServiceInputTypes,
  type ServiceOutputTypes,
  UpdateItemCommand,
  type UpdateItemCommandInput,
  type UpdateItemCommandOutput,
} from '@aws-sdk/client-dynamodb'
import type { Clock } from './clock.js'
import { LeaseError, type LeaseErrorCode } from './errors.js'
import type { Attribute } from './item.js'
import { StoreFailure } from './line-store.js'

export type { DynamoDBClient, DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'

/** What one request for an item brought. */
export interface ItemAnswer {
  /** False: the condition did not hold. */
  done: boolean
  attributes?: Record<string, Attribute> | undefined
  /** The answer's `Date` header, epoch milliseconds. */
  dateMs?: number | undefined
}

/** What is to be known of a table that exists. */
export interface TableDescription {
  status: string
  /** Each as `<name> HASH|RANGE S|N|B`. */
  keys: string[]
  arn: string
}

/**
 * A client of which every request is bounded: without `throwOnRequestTimeout` the SDK would only warn. Its retries are
 * off, since it does not know what it repeats.
 */
export function createClient(requestTimeoutMs: number, config: DynamoDBClientConfig = {}): DynamoDBClient {
  const bounds = { connectionTimeout: requestTimeoutMs, requestTimeout: requestTimeoutMs, throwOnRequestTimeout: true }
  return new DynamoDBClient({ maxAttempts: 1, requestHandler: bounds, ...config })
}

/** The requests that this package makes, each bounded in time whatever the settings of the client. */
export class DynamoDBRequests {
  readonly tableName: string
  readonly #client: DynamoDBClient
  readonly #clock: Clock
  readonly #requestTimeoutMs: number
  #underWay = 0
  #isClosing = false

  constructor(client: DynamoDBClient, tableName: string, bounds: { clock: Clock; requestTimeoutMs: number }) {
    this.tableName = tableName
    this.#client = client
    this.#clock = bounds.clock
    this.#requestTimeoutMs = bounds.requestTimeoutMs
  }

  /**
   * Closes the client's sockets whenever no request is under way, until {@link DynamoDBRequests.keepOpen}: a leave that is not
   * acknowledged goes on in the background.
   */
  closeIdle(): void {
    this.#isClosing = true
    this.#closeUnlessUsed()
  }

  /** Somebody has use for the sockets again. */
  keepOpen(): void {
    this.#isClosing = false
  }

  #closeUnlessUsed(): void {
    // The next request opens new ones.
    if (this.#isClosing && this.#underWay === 0) this.#client.destroy()
  }

  /** @throws StoreFailure */
  async get(input: Omit<GetItemCommandInput, 'TableName'>, signal?: AbortSignal): Promise<ItemAnswer> {
    const command = new GetItemCommand({ TableName: this.tableName, ...input })
    const { output, dateMs } = await this.#send('GetItem', command, { signal })
    return { done: true, attributes: output?.Item, dateMs }
  }

  /** @throws StoreFailure */
  update(input: Omit<UpdateItemCommandInput, 'TableName'>): Promise<ItemAnswer> {
    return this.#write('UpdateItem', new UpdateItemCommand({ TableName: this.tableName, ...input }))
  }

  /** Replaces the item. @throws StoreFailure */
  put(input: Omit<PutItemCommandInput, 'TableName'>): Promise<ItemAnswer> {
    return this.#write('PutItem', new PutItemCommand({ TableName: this.tableName, ...input }))
  }

  /** @throws StoreFailure */
  delete(input: Omit<DeleteItemCommandInput, 'TableName'>): Promise<ItemAnswer> {
    return this.#write('DeleteItem', new DeleteItemCommand({ TableName: this.tableName, ...input }))
  }

  async #write<Input extends ServiceInputTypes, Output extends WriteOutput>(
    operation: string,
    command: Command<Input, Output>,
  ): Promise<ItemAnswer> {
    const { output, refusal, dateMs } = await this.#send(operation, command, {
      expected: 'ConditionalCheckFailedException',
    })
    return { done: output !== undefined, attributes: output ? output.Attributes : refusal?.Item, dateMs }
  }

  /** Where the client would ask; nothing where it does not know. */
  async region(): Promise<string | undefined> {
    try {
      return await this.#client.config.region()
    } catch {
      return undefined
    }
  }

  /** Nothing comes back where there is no such table. @throws StoreFailure */
  async describeTable(): Promise<TableDescription | undefined> {
    const command = new DescribeTableCommand({ TableName: this.tableName })
    const { output } = await this.#send('DescribeTable', command, { expected: 'ResourceNotFoundException' })
    if (!output) return undefined
    const { TableStatus = '', KeySchema = [], AttributeDefinitions = [], TableArn = '' } = output.Table ?? {}
    const types = new Map(AttributeDefinitions.map((it) => [it.AttributeName, it.AttributeType]))
    return {
      status: TableStatus,
      arn: TableArn,
      keys: KeySchema.map((it) => `${it.AttributeName} ${it.KeyType} ${types.get(it.AttributeName)}`),
    }
  }

  /** A table of on-demand capacity with the key `pk`; no harm if somebody else was faster. @throws StoreFailure */
  async createTable(): Promise<void> {
    const command = new CreateTableCommand({
      TableName: this.tableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    })
    await this.#send('CreateTable', command, { expected: 'ResourceInUseException' })
  }

  async #send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    operation: string,
    command: Command<Input, Output>,
    { signal, expected }: { signal?: AbortSignal | undefined; expected?: string },
  ): Promise<{ output?: Output; refusal?: Refusal; dateMs: number | undefined }> {
    const bound = new AbortController()
    const abort = () => bound.abort()
    const aborted = whenAborted(bound.signal)
    // Asked for in good time: an error that comes of the time being up is not to wait for it.
    const region = Promise.race([this.region(), aborted]).then(
      (known) => known ?? NO_REGION,
      () => NO_REGION,
    )
    const cancelTimer = this.#clock.after(this.#requestTimeoutMs, abort)
    signal?.addEventListener('abort', abort)
    if (signal?.aborted) abort()
    let dateMs: number | undefined
    // Innermost, where the raw answer is, be it a good one or an error. On the command: the client may be somebody's.
    command.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args)
        dateMs = dateOf(result.response)
        return result
      },
      { step: 'deserialize', priority: 'low', name: 'sqliteEfsDate' },
    )
    this.#underWay++
    try {
      // The SDK looks at the signal when it sends; the credentials that it asks for first may never come.
      const output = await Promise.race([this.#client.send(command, { abortSignal: bound.signal }), aborted])
      return { output, dateMs }
    } catch (error) {
      const refusal = error as Refusal
      if (expected !== undefined && refusal.name === expected) return { refusal, dateMs }
      throw this.#failure(refusal, operation, { dateMs, region: await region })
    } finally {
      cancelTimer()
      signal?.removeEventListener('abort', abort)
      this.#underWay--
      this.#closeUnlessUsed()
    }
  }

  #failure(
    error: Refusal,
    operation: string,
    { dateMs, region }: { dateMs: number | undefined; region: string },
  ): StoreFailure {
    const where = `table ${this.tableName} in ${region}`
    const { kind, code, advice } = judge(error, operation)
    const message = `${code === 'UNREACHABLE' ? 'No usable answer from' : 'Refused by'} DynamoDB, ${where}: ${advice} (${error.name}: ${error.message})`
    const action = code === 'ACCESS_DENIED' && { action: `dynamodb:${operation}` }
    const details = { tableName: this.tableName, region, ...action }
    return new StoreFailure(kind, new LeaseError(code, message, details, { cause: error }), dateMs)
  }
}

type Command<Input extends ServiceInputTypes, Output extends ServiceOutputTypes> = $Command<
  Input,
  Output,
  DynamoDBClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes
>

/** What the SDK brings of a write. */
type WriteOutput = UpdateItemCommandOutput | PutItemCommandOutput | DeleteItemCommandOutput

/** What the SDK throws. */
interface Refusal extends Error {
  Item?: Record<string, Attribute>
  $metadata?: { httpStatusCode?: number }
}

interface Judgement {
  kind: StoreFailure['kind']
  code: LeaseErrorCode
  advice: string
}

const NO_REGION = 'no region'

const THROTTLED = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'LimitExceededException',
  'TransactionConflictException',
  'ReplicatedWriteConflictException',
])

const DENIED = new Set([
  'AccessDeniedException',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'IncompleteSignatureException',
  'MissingAuthenticationTokenException',
  'ExpiredTokenException',
  'NotAuthorized',
])

function judge({ name, message, $metadata }: Refusal, operation: string): Judgement {
  if (THROTTLED.has(name)) return { kind: 'throttled', code: 'UNREACHABLE', advice: 'it is throttling' }
  if (name === 'CredentialsProviderError') {
    const advice =
      'no credentials were found; give this process a role (a profile, AWS_ACCESS_KEY_ID), or a client with credentials'
    return { kind: 'refused', code: 'ACCESS_DENIED', advice }
  }
  if (DENIED.has(name)) {
    const advice = `the credentials need dynamodb:${operation} on this table (leasePolicy prints the least policy)`
    return { kind: 'refused', code: 'ACCESS_DENIED', advice }
  }
  if (name === 'ResourceNotFoundException') {
    const advice = 'there is no such table; create it (createLeaseTable), or correct tableName or the region'
    return { kind: 'refused', code: 'TABLE_NOT_FOUND', advice }
  }
  if (/region is missing/i.test(message)) {
    return { kind: 'refused', code: 'CONFIGURATION', advice: 'set AWS_REGION, or give a client with a region' }
  }
  const status = $metadata?.httpStatusCode
  if (status !== undefined && status >= 400 && status < 500 && status !== 408) {
    return { kind: 'refused', code: 'CONFIGURATION', advice: 'is this a table with the key pk (S)?' }
  }
  return { kind: 'ambiguous', code: 'UNREACHABLE', advice: 'is there a route to it, or a VPC endpoint?' }
}

/** Rejects once the signal is aborted, as the SDK does then. */
function whenAborted(signal: AbortSignal): Promise<never> {
  const aborted = new Promise<never>((_, reject) => {
    const abort = () => reject(Object.assign(new Error('Request aborted'), { name: 'AbortError' }))
    signal.addEventListener('abort', abort, { once: true })
  })
  // Whether somebody waits for it or not.
  aborted.catch(() => {})
  return aborted
}

function dateOf(response: unknown): number | undefined {
  const { headers } = (response ?? {}) as { headers?: Record<string, string | undefined> }
  const dateMs = Date.parse(headers?.['date'] ?? '')
  return Number.isNaN(dateMs) ? undefined : dateMs
}
