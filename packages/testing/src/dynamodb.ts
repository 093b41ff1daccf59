/// <reference path="./dynalite.d.ts" />
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import dynalite from 'dynalite'

/** A DynamoDB API on 127.0.0.1, in this process and in its memory. */
export interface LocalDynamoDB extends AsyncDisposable {
  /** Where it listens. */
  readonly endpoint: string
  /** The environment with which an AWS SDK, here or in a child process, finds it. */
  readonly env: Readonly<Record<string, string>>
  close(): Promise<void>
}

/** Starts a DynamoDB API on a free port of 127.0.0.1. */
export async function startDynamoDB(): Promise<LocalDynamoDB> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
  server.on('request', surviveAbortedRequest)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = async () => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  return {
    endpoint,
    env: {
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** dynalite throws what a client that is killed in the middle of its request causes, and would take this process along. */
function surviveAbortedRequest(request: IncomingMessage): void {
  request.removeAllListeners('error')
  request.on('error', () => undefined)
}
