import type { Contender } from '../contract/lease.js'
import type { DynamoDBRequests, ItemAnswer } from '../dynamodb/client.js'
import type { LineItem } from '../line/line-item.js'
import type { Entry, LineAnswer, PlaceStore } from '../line/line-store.js'
import { parseLock, secondsOf } from './lock-item.js'

/** The answer to {@link DjangoLockStore.grab}. */
export interface GrabAnswer extends LineAnswer {
  /** Whose lock was expired, and is replaced. */
  replaced?: Contender
}

/**
 * The requests of django-sqlite-efs, whose item is `{ pk, lock_id, expires_at }`, as the holder of a place needs them.
 *
 * `aliveUntilMs` means here what it means in the line: a holder counts on its lease until then, and others wait
 * `maxClockSkewMs` longer. So `expires_at`, at which Django takes the lock over by its own clock, is `marginMs` after it.
 */
export class DjangoLockStore implements PlaceStore {
  readonly #requests: DynamoDBRequests
  readonly #marginMs: number

  constructor(requests: DynamoDBRequests, marginMs: number) {
    this.#requests = requests
    this.#marginMs = marginMs
  }

  get tableName(): string {
    return this.#requests.tableName
  }

  /** Takes the lock where there is none, or where it expired before `nowMs`. An item with a line in it is left alone. */
  async grab(key: string, entry: Entry, nowMs: number): Promise<GrabAnswer> {
    const answer = await this.#requests.put({
      Item: this.#item(key, entry.id, entry.aliveUntilMs),
      ConditionExpression:
        '(attribute_not_exists(pk) OR (attribute_exists(pk) AND expires_at < :now)) AND attribute_not_exists(ticket)',
      ExpressionAttributeValues: { ':now': secondsOf(nowMs) },
      ReturnValues: 'ALL_OLD',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    })
    const before = this.#parse(key, answer)
    if (!answer.done) return lineAnswer(answer, before)
    const replaced = before?.contenders[0]
    return { ...lineAnswer(answer, undefined), ...(replaced && { replaced }) }
  }

  async look(key: string, options: { consistent: boolean; signal?: AbortSignal }): Promise<LineAnswer> {
    const input = { Key: { pk: { S: key } }, ConsistentRead: options.consistent }
    const answer = await this.#requests.get(input, options.signal)
    return lineAnswer(answer, parseLock(key, answer.attributes, this.#marginMs))
  }

  /** An extension, which a Django holder never makes, and never sees: it is the holder's own lock that is replaced. */
  async renew(key: string, id: string, ticket: number, aliveUntilMs: number): Promise<LineAnswer> {
    const item = this.#item(key, id, aliveUntilMs)
    const answer = await this.#requests.put({
      Item: item,
      ConditionExpression: 'lock_id = :id AND expires_at <= :expires',
      ExpressionAttributeValues: { ':id': { S: id }, ':expires': item.expires_at },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    })
    const mine = { id, ticket, aliveUntilMs, owner: id }
    return lineAnswer(answer, answer.done ? { ticket, contenders: [mine] } : this.#parse(key, answer))
  }

  async leave(key: string, id: string, _ticket?: number, options?: { background: boolean }): Promise<LineAnswer> {
    const condition = { ConditionExpression: 'lock_id = :id', ExpressionAttributeValues: { ':id': { S: id } } }
    return this.#delete(key, condition, options)
  }

  /** `<=` for the fraction of a millisecond that was rounded up; a renewal moves it on by much more. */
  async sweep(key: string, seen: Contender): Promise<LineAnswer> {
    return this.#delete(key, {
      ConditionExpression: 'lock_id = :id AND expires_at <= :expires',
      ExpressionAttributeValues: {
        ':id': { S: seen.id },
        ':expires': secondsOf(seen.aliveUntilMs + this.#marginMs),
      },
    })
  }

  async #delete(
    key: string,
    condition: Omit<Parameters<DynamoDBRequests['delete']>[0], 'Key'>,
    options?: { background: boolean },
  ): Promise<LineAnswer> {
    const answer = await this.#requests.delete({ Key: { pk: { S: key } }, ...condition }, options)
    return lineAnswer(answer, answer.done ? { ticket: 0, contenders: [] } : undefined)
  }

  #item(key: string, id: string, aliveUntilMs: number) {
    return { pk: { S: key }, lock_id: { S: id }, expires_at: secondsOf(aliveUntilMs + this.#marginMs) }
  }

  /** Nothing where the store did not tell. */
  #parse(key: string, { attributes }: ItemAnswer): LineItem | undefined {
    return attributes && parseLock(key, attributes, this.#marginMs)
  }
}

const lineAnswer = ({ done, dateMs }: ItemAnswer, item: LineItem | undefined): LineAnswer => ({
  done,
  ...(item && { item }),
  ...(dateMs !== undefined && { dateMs }),
})
