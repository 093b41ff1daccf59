import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'

const MAX_ATTEMPTS = 10
const RETRY_DELAY_MS = 50

const isRefusal = (error: unknown) => (error as Error).name === 'ConditionalCheckFailedException'

/**
 * django-sqlite-efs' lock, as it is: its item, its two requests with their conditions, its pauses, a new id for each attempt,
 * and no margin for clocks. (Python's `time.time()` has fractions of a millisecond.)
 */
export class DjangoLock {
  readonly #client: DynamoDBClient
  readonly #tableName: string
  readonly #pk: string
  readonly #expirationSeconds: number
  lockId: string | undefined

  constructor(client: DynamoDBClient, options: { tableName: string; path: string; expirationSeconds: number }) {
    this.#client = client
    this.#tableName = options.tableName
    this.#pk = `database#${options.path}`
    this.#expirationSeconds = options.expirationSeconds
  }

  /** Until it is over by Django's own clock, epoch milliseconds; nothing where ten attempts did not get it. */
  async acquire(): Promise<number | undefined> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const expiresAtMs = await this.attempt()
      if (expiresAtMs !== undefined) return expiresAtMs
      await delay(RETRY_DELAY_MS * attempt)
    }
    return undefined
  }

  async attempt(): Promise<number | undefined> {
    const lockId = randomUUID()
    const now = (performance.timeOrigin + performance.now()) / 1000
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#tableName,
          Item: {
            pk: { S: this.#pk },
            lock_id: { S: lockId },
            expires_at: { N: String(now + this.#expirationSeconds) },
          },
          ConditionExpression: 'attribute_not_exists(pk) OR (attribute_exists(pk) AND expires_at < :now)',
          ExpressionAttributeValues: { ':now': { N: String(now) } },
        }),
      )
    } catch (error) {
      if (isRefusal(error)) return undefined
      throw error
    }
    this.lockId = lockId
    return (now + this.#expirationSeconds) * 1000
  }

  /** False: somebody else has it by now. */
  async release(): Promise<boolean> {
    try {
      await this.#client.send(
        new DeleteItemCommand({
          TableName: this.#tableName,
          Key: { pk: { S: this.#pk } },
          ConditionExpression: 'lock_id = :id',
          ExpressionAttributeValues: { ':id': { S: this.lockId ?? '' } },
        }),
      )
      return true
    } catch (error) {
      if (isRefusal(error)) return false
      throw error
    }
  }
}
