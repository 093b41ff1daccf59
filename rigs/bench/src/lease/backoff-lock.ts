import { randomUUID } from 'node:crypto'
import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import type { Clock } from '@sqlite-efs/lease'

const BASE_MS = 10
const CAP_MS = 500

export interface BackoffLockOptions {
  tableName: string
  client: DynamoDBClient
  clock: Clock
  random: () => number
  ttlMs: number
  timeoutMs: number
}

/**
 * The common lock on DynamoDB: a conditional put, tried again after a random part of a pause that doubles
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/, "full jitter"). Neither renewed nor fenced: it stands here for
 * what waiting costs.
 */
export class BackoffLock {
  readonly #options: BackoffLockOptions

  constructor(options: BackoffLockOptions) {
    this.#options = options
  }

  /** @throws Error where it is not had within `timeoutMs` */
  async acquire(key: string): Promise<{ release(): Promise<void> }> {
    const { clock, random, timeoutMs } = this.#options
    const id = randomUUID()
    const sinceMs = clock.monotonicMs()
    for (let tries = 0; ; tries++) {
      if (await this.#put(key, id)) return { release: () => this.#delete(key, id) }
      const pauseMs = random() * Math.min(CAP_MS, BASE_MS * 2 ** tries)
      if (clock.monotonicMs() - sinceMs + pauseMs > timeoutMs) throw new Error(`Not had within ${timeoutMs} ms`)
      await new Promise<void>((resolve) => void clock.after(pauseMs, resolve))
    }
  }

  async #put(key: string, id: string): Promise<boolean> {
    const { tableName, client, clock, ttlMs } = this.#options
    const nowMs = clock.wallMs()
    const command = new PutItemCommand({
      TableName: tableName,
      Item: { pk: { S: key }, id: { S: id }, until: { N: String(nowMs + ttlMs) } },
      ConditionExpression: 'attribute_not_exists(pk) OR #until < :now',
      ExpressionAttributeNames: { '#until': 'until' },
      ExpressionAttributeValues: { ':now': { N: String(nowMs) } },
    })
    try {
      await client.send(command)
      return true
    } catch (error) {
      if ((error as Error).name === 'ConditionalCheckFailedException') return false
      throw error
    }
  }

  async #delete(key: string, id: string): Promise<void> {
    const command = new DeleteItemCommand({
      TableName: this.#options.tableName,
      Key: { pk: { S: key } },
      ConditionExpression: 'id = :id',
      ExpressionAttributeValues: { ':id': { S: id } },
    })
    await this.#options.client.send(command)
  }
}
