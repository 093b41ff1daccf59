import type { Contender } from '@sqlite-efs/lease'
import { type Attribute, type ItemRequests, parseItem } from '@sqlite-efs/lease/internal'
import updateItem from 'dynalite/actions/updateItem.js'
import conditionParser from 'dynalite/db/conditionParser.js'
import updateParser, { type Tree } from 'dynalite/db/updateParser.js'
import { CachedParser, type Names, type Values } from './expressions.js'

type Item = Record<string, Attribute>
type Callback<T> = (error: Error | null, value?: T) => void

/** What dynalite's UpdateItem needs of its database. */
interface Store {
  options: { maxItemSize: number }
  getTable(name: string, callback: Callback<object>): void
  getItemDb(name: string): {
    lock(key: string, locked: (release: <T>(callback: T) => T) => void): void
    get(key: string, callback: Callback<Item>): void
    put(key: string, item: Item, callback: Callback<void>): void
  }
}

const TABLE = {
  TableName: 'leases',
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
}

const updates = new CachedParser(updateParser)
const conditions = new CachedParser(conditionParser)

/**
 * The table in memory. The requests' own condition and update expressions are evaluated, by dynalite: nothing here says
 * again what they mean. A request is applied as it is called, and its answer comes in the same turn.
 */
export class SimulatedTable implements ItemRequests {
  readonly tableName = TABLE.TableName
  readonly #items = new Map<string, Item>()
  get: ItemRequests['get'] = async ({ Key }) => ({ done: true, attributes: this.#items.get(keyOf(Key)) })

  update: ItemRequests['update'] = async (input) => {
    const names: Names = input.ExpressionAttributeNames ?? {}
    const values = (input.ExpressionAttributeValues ?? {}) as Values
    const key = keyOf(input.Key)
    const data = {
      TableName: TABLE.TableName,
      Key: { pk: { S: key } },
      ReturnValues: input.ReturnValues,
      _updates: updates.parse(input.UpdateExpression ?? '', names, values),
      _condition: conditions.parse(input.ConditionExpression ?? '', names, values),
    } satisfies Record<string, Tree>
    let outcome: { error: Error | null; attributes?: Item | undefined } | undefined
    updateItem(this.#storeOf(key), data, (error, value) => {
      outcome = { error, attributes: value?.Attributes }
    })
    if (!outcome) throw new Error('dynalite did not answer in the same turn')
    if (!outcome.error) return { done: true, attributes: outcome.attributes }
    if (!isFailedCondition(outcome.error)) throw outcome.error
    // As DynamoDB does with ReturnValuesOnConditionCheckFailure.
    return { done: false, attributes: this.#items.get(key) }
  }

  #storeOf(key: string): Store {
    return {
      options: { maxItemSize: 400 * 1024 },
      getTable: (_, callback) => callback(null, TABLE),
      getItemDb: () => ({
        lock: (_, locked) => locked((callback) => callback),
        get: (_, callback) => callback(null, this.#items.get(key)),
        put: (_, item, callback) => {
          this.#items.set(key, item)
          callback(null)
        },
      }),
    }
  }

  /** Who stands in the line, by tickets. */
  contenders(key: string): Contender[] {
    return parseItem(this.#items.get(key)).contenders
  }

  /** Loses what it holds, as a table that is made anew. */
  clear(): void {
    this.#items.clear()
  }
}

const keyOf = (key: Record<string, unknown> | undefined) => (key?.['pk'] as Attribute | undefined)?.S ?? ''

function isFailedCondition(error: Error & { body?: { __type?: string } }): boolean {
  return error.body?.__type?.endsWith('#ConditionalCheckFailedException') ?? false
}
