import type { DynamoDBClient } from '@sqlite-efs/lease'

/** What a client's requests come to. */
export interface Usage {
  /** By operation: `UpdateItem`, say. */
  requests: Record<string, number>
  writeUnits: number
  readUnits: number
}

export const noUsage = (): Usage => ({ requests: {}, writeUnits: 0, readUnits: 0 })

/** The usage of all, in one. */
export function totalUsage(parts: readonly Usage[]): Usage {
  const total = noUsage()
  for (const { requests, writeUnits, readUnits } of parts) {
    for (const [name, count] of Object.entries(requests)) total.requests[name] = (total.requests[name] ?? 0) + count
    total.writeUnits += writeUnits
    total.readUnits += readUnits
  }
  return total
}

export const allRequests = ({ requests }: Usage): number => Object.values(requests).reduce((sum, it) => sum + it, 0)

/** As far as it is used here. */
interface Command {
  constructor: { name: string }
  input: { ReturnConsumedCapacity?: string }
}

/** The client, with each request counted as it is sent, and its capacity units as the table reports them. */
export function counted(client: DynamoDBClient, usage: Usage): DynamoDBClient {
  const send = async (command: Command, options: object) => {
    const operation = command.constructor.name.replace(/Command\d*$/, '')
    usage.requests[operation] = (usage.requests[operation] ?? 0) + 1
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
    }
  }
  return { config: client.config, send, destroy: () => client.destroy() } as unknown as DynamoDBClient
}
