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
import { BackgroundRequests } from '../line/background-requests.js'
import type { Attribute } from '../line/line-item.js'
import { type Clock, Moment } from '../time/clock.js'
import { setImmediate } from '../time/real-time.js'
import { failureOf, type Refusal } from './failure.js'

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
  isProtected: boolean
}

/**
 * A client of which every request is bounded, connecting included: without `throwOnRequestTimeout` the SDK would only warn.
 * Its retries are off, since it does not know what it repeats. Its `connectionTimeout` is off too: the SDK does not clear
 * that timer after a connection that was refused, and the timer keeps the process alive.
 */
export function createClient(requestTimeoutMs: number, config: DynamoDBClientConfig = {}): DynamoDBClient {
  const bounds = { connectionTimeout: 0, requestTimeout: requestTimeoutMs, throwOnRequestTimeout: true }
  return new DynamoDBClient({ maxAttempts: 1, requestHandler: bounds, ...config })
}

/** The join that is under way, the leave of the old entry, and that of the new one; and one more for slow timers. */
const CLOSING_REQUESTS = 4

/** How requests are bounded, and whether their client belongs to this package. */
interface RequestSettings {
  clock: Clock
  requestTimeoutMs: number
  isOwnClient: boolean
}

/** The requests that this package makes, each bounded in time whatever the settings of the client. */
export class DynamoDBRequests {
  readonly tableName: string
  readonly #client: DynamoDBClient
  readonly #clock: Clock
  readonly #requestTimeoutMs: number
  readonly #isOwnClient: boolean
  readonly #underWay = new Set<Promise<unknown>>()
  readonly #background: BackgroundRequests
  #isClosing = false

  constructor(client: DynamoDBClient, tableName: string, { clock, requestTimeoutMs, isOwnClient }: RequestSettings) {
    this.tableName = tableName
    this.#client = client
    this.#clock = clock
    this.#background = new BackgroundRequests(clock)
    this.#requestTimeoutMs = requestTimeoutMs
    this.#isOwnClient = isOwnClient
  }

  /**
   * Closes the client's sockets whenever no request is under way, until {@link DynamoDBRequests.keepOpen}: a leave that is not
   * acknowledged goes on in the background. A client that was given to this package is left alone: its owner closes it.
   *
   * Resolves when no request is under way, so that nothing keeps the process alive: a wait that its caller gave up may still
   * be taking its entry out of the line. Waits for some request timeouts at most: others may go on using the leaser.
   */
  async closeIdle(): Promise<void> {
    this.#isClosing = true
    this.#background.pace()
    this.#closeUnlessUsed()
    const since = new Moment(this.#clock)
    const patienceMs = CLOSING_REQUESTS * this.#requestTimeoutMs
    for (;;) {
      // What an answer brings about begins in the same turn of the event loop: the leave after a join that came too late.
      await new Promise<void>((resolve) => setImmediate(resolve))
      const leftMs = patienceMs - since.elapsedMs()
      if (this.#underWay.size === 0 || leftMs <= 0) break
      await this.#settled(leftMs)
    }
    if (this.#isClosing) this.#background.pace()
  }

  /** Waits for all requests that are under way now, for `ms` at most. */
  async #settled(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancelTimer = this.#clock.after(ms, resolve)
      void Promise.allSettled(this.#underWay).then(() => {
        cancelTimer()
        resolve()
      })
    })
  }

  /** The leaser is used again. */
  keepOpen(): void {
    this.#isClosing = false
    this.#background.resume()
  }

  #closeUnlessUsed(): void {
    // The next request opens new ones.
    if (this.#isOwnClient && this.#isClosing && this.#underWay.size === 0) this.#client.destroy()
  }

  /** @throws StoreFailure */
  async get(input: Omit<GetItemCommandInput, 'TableName'>, signal?: AbortSignal): Promise<ItemAnswer> {
    const command = new GetItemCommand({ TableName: this.tableName, ...input })
    const { output, dateMs } = await this.#send('GetItem', command, { signal })
    return { done: true, attributes: output?.Item, dateMs }
  }

  /** @throws StoreFailure */
  update(input: Omit<UpdateItemCommandInput, 'TableName'>, options?: WriteOptions): Promise<ItemAnswer> {
    return this.#write('UpdateItem', new UpdateItemCommand({ TableName: this.tableName, ...input }), options)
  }

  /** Replaces the item. @throws StoreFailure */
  put(input: Omit<PutItemCommandInput, 'TableName'>): Promise<ItemAnswer> {
    return this.#write('PutItem', new PutItemCommand({ TableName: this.tableName, ...input }))
  }

  /** @throws StoreFailure */
  delete(input: Omit<DeleteItemCommandInput, 'TableName'>, options?: WriteOptions): Promise<ItemAnswer> {
    return this.#write('DeleteItem', new DeleteItemCommand({ TableName: this.tableName, ...input }), options)
  }

  async #write<Input extends ServiceInputTypes, Output extends WriteOutput>(
    operation: string,
    command: Command<Input, Output>,
    { background = false }: WriteOptions = {},
  ): Promise<ItemAnswer> {
    const expected = 'ConditionalCheckFailedException'
    const attempt = (signal?: AbortSignal) => this.#send(operation, command, { expected, signal })
    const { output, refusal, dateMs } = await (background ? this.#background.run(attempt) : attempt())
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
    const {
      TableStatus = '',
      KeySchema = [],
      AttributeDefinitions = [],
      TableArn = '',
      DeletionProtectionEnabled = false,
    } = output.Table ?? {}
    const types = new Map(AttributeDefinitions.map((it) => [it.AttributeName, it.AttributeType]))
    return {
      status: TableStatus,
      arn: TableArn,
      isProtected: DeletionProtectionEnabled,
      keys: KeySchema.map((it) => `${it.AttributeName} ${it.KeyType} ${types.get(it.AttributeName)}`),
    }
  }

  /** A table of on-demand capacity with the key `pk`. False: another process was faster. @throws StoreFailure */
  async createTable(): Promise<boolean> {
    const command = new CreateTableCommand({
      TableName: this.tableName,
      BillingMode: 'PAY_PER_REQUEST',
      DeletionProtectionEnabled: true,
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    })
    const { output } = await this.#send('CreateTable', command, { expected: 'ResourceInUseException' })
    return output !== undefined
  }

  async #send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    operation: string,
    command: Command<Input, Output>,
    terms: Terms,
  ): Promise<Answer<Output>> {
    const attempt = this.#attempt(operation, command, terms)
    this.#underWay.add(attempt)
    try {
      return await attempt
    } finally {
      this.#underWay.delete(attempt)
      this.#closeUnlessUsed()
    }
  }

  async #attempt<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    operation: string,
    command: Command<Input, Output>,
    { signal, expected }: Terms,
  ): Promise<Answer<Output>> {
    const bound = new AbortController()
    const abort = () => bound.abort()
    const aborted = whenAborted(bound.signal)
    // Asked for in good time: an error that comes of the time being up must not wait for it.
    const region = Promise.race([this.region(), aborted]).catch(() => undefined)
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
    try {
      // The SDK looks at the signal when it sends; the credentials that it asks for first may never come.
      const output = await Promise.race([this.#client.send(command, { abortSignal: bound.signal }), aborted])
      return { output, dateMs }
    } catch (error) {
      const refusal = error as Refusal
      if (expected !== undefined && refusal.name === expected) return { refusal, dateMs }
      const { tableName } = this
      throw failureOf(refusal, {
        operation,
        tableName,
        region: await region,
        timeoutMs: this.#requestTimeoutMs,
        dateMs,
      })
    } finally {
      cancelTimer()
      signal?.removeEventListener('abort', abort)
    }
  }
}

type Command<Input extends ServiceInputTypes, Output extends ServiceOutputTypes> = $Command<
  Input,
  Output,
  DynamoDBClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes
>

/** How one request ends early, and which refusal is an answer. */
interface Terms {
  signal?: AbortSignal | undefined
  /** The name of the exception. */
  expected?: string
}

/** How a write is made. */
interface WriteOptions {
  /** No caller waits for it. @default false */
  background?: boolean
}

/** What one attempt brought: its output, or the refusal that was expected. */
interface Answer<Output> {
  output?: Output
  refusal?: Refusal
  dateMs: number | undefined
}

/** What the SDK brings of a write. */
type WriteOutput = UpdateItemCommandOutput | PutItemCommandOutput | DeleteItemCommandOutput

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
