import type { DynamoDBClient } from '@sqlite-efs/lease'

/** What a client's requests come to. */
export interface Usage {
  /** By operation: `UpdateItem`, say. */
  requests: Record<string, number>
  /** Of all of them, refusals included. */
  answered: number
  writeUnits: number
  readUnits: number
}

export const noUsage = (): Usage => ({ requests: {}, answered: 0, writeUnits: 0, readUnits: 0 })

/** The usage of all, in one. */
export function totalUsage(parts: readonly Usage[]): Usage {
  const total = noUsage()
  for (const { requests, answered, writeUnits, readUnits } of parts) {
    for (const [name, count] of Object.entries(requests)) total.requests[name] = (total.requests[name] ?? 0) + count
    total.answered += answered
    total.writeUnits += writeUnits
    total.readUnits += readUnits
  }
  return total
}

/** As far as it is used here. */
interface Command {
  constructor: { name: string }
  input: { ReturnConsumedCapacity?: string }
}

/** `UpdateItem`, say. A bundler may have given the class another name, much like its own. */
export const operationOf = ({ constructor }: Pick<Command, 'constructor'>) =>
  constructor.name.replaceAll(/^_+|Command\d*$/g, '')

/** The client, with each request counted as it is sent, and its capacity units as the table reports them. */
export function counted(
  client: DynamoDBClient,
  usage: Usage,
  onRequest: (operation: string) => void = () => undefined,
): DynamoDBClient {
  const send = async (command: Command, options: object) => {
    const operation = operationOf(command)
    usage.requests[operation] = (usage.requests[operation] ?? 0) + 1
    onRequest(operation)
    const kind = operation.startsWith('Get') ? 'readUnits' : 'writeUnits'
    command.input.ReturnConsumedCapacity = 'TOTAL'
    try {
      const output = (await client.send(command as never, options)) as { ConsumedCapacity?: { CapacityUnits?: number } }
      usage[kind] += output.ConsumedCapacity?.CapacityUnits ?? 0
      return output
    } catch (error) {
      // A write whose condition failed is billed too, and reports nothing: one unit, for the items that are fought for are small.
      if ((error as Error).name === 'ConditionalCheckFailedException') usage.writeUnits++
      throw error
    } finally {
      usage.answered++
    }
  }
  return { config: client.config, send, destroy: () => client.destroy() } as unknown as DynamoDBClient
}
