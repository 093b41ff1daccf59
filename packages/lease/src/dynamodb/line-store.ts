import type { Contender } from '../contract/lease.js'
import { attributesOf, formatSwept, parseItem } from '../line/line-item.js'
import type { Entry, LineAnswer, LineStore } from '../line/line-store.js'
import type { DynamoDBRequests, ItemAnswer } from './client.js'

/** How the requests for an item are made: over the network, or to a table that a test keeps in memory. */
export type ItemRequests = Pick<DynamoDBRequests, 'tableName' | 'get' | 'update'>

/** The line's operations as DynamoDB requests: one UpdateItem or GetItem each. */
export class DynamoDBLineStore implements LineStore {
  readonly #requests: ItemRequests

  constructor(requests: ItemRequests) {
    this.#requests = requests
  }

  get tableName(): string {
    return this.#requests.tableName
  }

  join(key: string, entry: Entry): Promise<LineAnswer> {
    return this.#update(key, {
      update:
        'SET #ticket = if_not_exists(#ticket, :zero) + :one, #t = if_not_exists(#ticket, :zero) + :one, ' +
        '#u = :u, #w = :w',
      condition: 'attribute_not_exists(#t) AND attribute_not_exists(#lock)',
      names: { '#ticket': 'ticket', '#lock': 'lock_id', ...entryNames(entry.id) },
      values: { ':zero': number(0), ':one': number(1), ...entryValues(entry) },
    })
  }

  async look(key: string, options: { consistent: boolean; signal?: AbortSignal }): Promise<LineAnswer> {
    const input = { Key: { pk: { S: key } }, ConsistentRead: options.consistent }
    return lineAnswer(await this.#requests.get(input, options.signal), true)
  }

  renew(key: string, id: string, ticket: number, aliveUntilMs: number): Promise<LineAnswer> {
    const { '#t': t, '#u': u } = entryNames(id)
    return this.#update(key, {
      update: 'SET #u = :u',
      condition: '#t = :ticket AND #u <= :u',
      names: { '#t': t, '#u': u },
      values: { ':ticket': number(ticket), ':u': number(aliveUntilMs) },
    })
  }

  leave(key: string, id: string, ticket?: number, options?: { background: boolean }): Promise<LineAnswer> {
    return this.#update(
      key,
      {
        update: 'REMOVE #t, #u, #w',
        condition: ticket === undefined ? 'attribute_exists(#t)' : '#t = :ticket',
        names: entryNames(id),
        ...(ticket !== undefined && { values: { ':ticket': number(ticket) } }),
      },
      options,
    )
  }

  yield(key: string, from: { id: string; ticket: number }, entry: Entry): Promise<LineAnswer> {
    const old = attributesOf(from.id)
    return this.#update(key, {
      update: 'SET #ticket = #ticket + :one, #t = #ticket + :one, #u = :u, #w = :w REMOVE #oldT, #oldU, #oldW',
      condition: '#oldT = :oldTicket',
      names: {
        '#ticket': 'ticket',
        ...entryNames(entry.id),
        '#oldT': old.ticket,
        '#oldU': old.aliveUntil,
        '#oldW': old.owner,
      },
      values: { ':one': number(1), ':oldTicket': number(from.ticket), ...entryValues(entry) },
    })
  }

  sweep(key: string, seen: Contender, atMs: number): Promise<LineAnswer> {
    return this.#update(key, {
      update: 'SET #swept = :swept REMOVE #t, #u, #w',
      condition: '#t = :seenTicket AND #u = :seenU',
      names: { '#swept': 'swept', ...entryNames(seen.id) },
      values: {
        ':swept': { S: formatSwept({ owner: seen.owner, ticket: seen.ticket, atMs }) },
        ':seenTicket': number(seen.ticket),
        ':seenU': number(seen.aliveUntilMs),
      },
    })
  }

  raise(key: string, floor: number): Promise<LineAnswer> {
    return this.#update(key, {
      update: 'SET #ticket = :floor',
      condition: '(attribute_not_exists(#ticket) OR #ticket < :floor) AND attribute_not_exists(#lock)',
      names: { '#ticket': 'ticket', '#lock': 'lock_id' },
      values: { ':floor': number(floor) },
    })
  }

  async #update(
    key: string,
    request: { update: string; condition: string; names: Record<string, string>; values?: Record<string, Value> },
    options?: { background: boolean },
  ): Promise<LineAnswer> {
    const input: Parameters<ItemRequests['update']>[0] = {
      Key: { pk: { S: key } },
      UpdateExpression: request.update,
      ConditionExpression: request.condition,
      ExpressionAttributeNames: request.names,
      ExpressionAttributeValues: request.values,
      ReturnValues: 'ALL_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    }
    const answer = await this.#requests.update(input, options)
    return lineAnswer(answer, answer.done)
  }
}

type Value = { S: string } | { N: string }

const number = (value: number) => ({ N: String(value) })

function entryNames(id: string) {
  const names = attributesOf(id)
  return { '#t': names.ticket, '#u': names.aliveUntil, '#w': names.owner }
}

const entryValues = ({ aliveUntilMs, owner }: Entry) => ({ ':u': number(aliveUntilMs), ':w': { S: owner } })

/** `complete`: an answer without attributes means an empty item, and not that the store did not tell. */
function lineAnswer({ done, attributes, dateMs }: ItemAnswer, complete: boolean): LineAnswer {
  return {
    done,
    ...((attributes || complete) && { item: parseItem(attributes) }),
    ...(dateMs !== undefined && { dateMs }),
  }
}
