import type { DynamoDBClient } from '@sqlite-efs/lease'
import { CachedParser, type Machine, type World } from '@sqlite-efs/simulation'
import deleteItem from 'dynalite/actions/deleteItem.js'
import getItem from 'dynalite/actions/getItem.js'
import putItem from 'dynalite/actions/putItem.js'
import updateItem from 'dynalite/actions/updateItem.js'
import conditionParser from 'dynalite/db/conditionParser.js'
import { itemSize } from 'dynalite/db/index.js'
import updateParser from 'dynalite/db/updateParser.js'
import { TABLE } from './contest.js'
import { operationOf } from './usage.js'

const ACTIONS = { UpdateItem: updateItem, PutItem: putItem, DeleteItem: deleteItem, GetItem: getItem }
const DESCRIPTION = {
  TableName: TABLE,
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
}

type Value = { S?: string; N?: string }
type Item = Record<string, Value>
type Callback<T> = (error: Error | null, value?: T) => void

interface Input {
  Key?: Item
  Item?: Item
  UpdateExpression?: string
  ConditionExpression?: string
  ExpressionAttributeNames?: Record<string, string>
  ExpressionAttributeValues?: Record<string, Value>
}

/** A DynamoDB table in simulated time, for AWS SDK commands. What they mean is dynalite's to say; each takes a round trip. */
export class SimulatedDynamoDB {
  readonly #world: World
  readonly #oneWayMs: () => number
  readonly #items = new Map<string, Item>()
  readonly #updates = new CachedParser(updateParser)
  readonly #conditions = new CachedParser(conditionParser)

  constructor(world: World, oneWayMs: () => number) {
    this.#world = world
    this.#oneWayMs = oneWayMs
  }

  /** A client in a process of its own. */
  client(machine: Machine): DynamoDBClient {
    const send = (command: { constructor: { name: string }; input: Input }, options?: { abortSignal?: AbortSignal }) =>
      new Promise((resolve, reject) => {
        options?.abortSignal?.addEventListener('abort', () => reject(new Error('Request aborted')), { once: true })
        this.#world.after(this.#oneWayMs(), () => {
          const { error, value } = this.#apply(operationOf(command), command.input)
          const answer = () => (error ? reject(error) : resolve(value))
          this.#world.after(this.#oneWayMs(), () => machine.awake(answer))
        })
      })
    const config = { region: async () => 'simulated' }
    return { config, send, destroy: () => undefined } as unknown as DynamoDBClient
  }

  /** As DynamoDB bills it: names and values. */
  bytesOf(key: string): number {
    return itemSize(this.#items.get(key) ?? {})
  }

  #apply(operation: string, input: Input): { error?: Error; value?: object | undefined } {
    const names = input.ExpressionAttributeNames ?? {}
    const values = input.ExpressionAttributeValues ?? {}
    const data = {
      ...input,
      ...(input.UpdateExpression && { _updates: this.#updates.parse(input.UpdateExpression, names, values as never) }),
      ...(input.ConditionExpression && {
        _condition: this.#conditions.parse(input.ConditionExpression, names, values as never),
      }),
    }
    const key = (input.Key ?? input.Item)?.['pk']?.S ?? ''
    let answer: { error?: Error; value?: object | undefined } | undefined
    ACTIONS[operation as keyof typeof ACTIONS](this.#storeOf(key), data, (error, value) => {
      answer = error ? { error: this.#refusal(error, key) } : { value }
    })
    if (!answer) throw new Error('dynalite did not answer in the same turn')
    return answer
  }

  /** As the SDK throws it, with the item that ReturnValuesOnConditionCheckFailure asks for. */
  #refusal(error: Error & { body?: { __type?: string } }, key: string): Error {
    const name = error.body?.__type?.split('#')[1]
    if (name !== 'ConditionalCheckFailedException') return error
    return Object.assign(new Error(name), { name, Item: this.#items.get(key) })
  }

  #storeOf(key: string): object {
    const items = this.#items
    const notFound = Object.assign(new Error('not found'), { name: 'NotFoundError' })
    return {
      options: { maxItemSize: 400 * 1024 },
      getTable: (_: string, callback: Callback<object>, ...more: Callback<object>[]) =>
        (more[0] ?? callback)(null, DESCRIPTION),
      getItemDb: () => ({
        lock: (_: string, locked: (release: <T>(callback: T) => T) => void) => locked((callback) => callback),
        get: (_: string, callback: Callback<Item>) =>
          items.has(key) ? callback(null, items.get(key)) : callback(notFound),
        put: (_: string, item: Item, callback: Callback<void>) => {
          items.set(key, item)
          callback(null)
        },
        del: (_: string, callback: Callback<void>) => {
          items.delete(key)
          callback(null)
        },
      }),
    }
  }
}
