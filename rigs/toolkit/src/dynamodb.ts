// Who imports this module from its source needs them too.
// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference path="./dynalite.d.ts" />
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import dynalite from 'dynalite'

const REGION = 'eu-central-1'
const KEY = 'local'

/** A DynamoDB API in this process and in its memory. */
export interface LocalDynamoDB extends AsyncDisposable {
  /** With this an AWS SDK client in this process finds it. */
  readonly config: {
    endpoint: string
    region: string
    credentials: { accessKeyId: string; secretAccessKey: string }
  }
  /** With this environment an AWS SDK client in a child process finds it. */
  readonly env: Readonly<Record<string, string>>
  close(): Promise<void>
}

/** Starts a DynamoDB API on a free port of an address of this machine. */
export async function startDynamoDB(address = '127.0.0.1'): Promise<LocalDynamoDB> {
  // The SDK's word on the end of Node 20 would come from every process.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true'
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
  server.on('request', surviveAbortedRequest)
  server.listen(0, address)
  await once(server, 'listening')
  const endpoint = `http://${address}:${(server.address() as AddressInfo).port}`
  const close = async () => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  return {
    config: { endpoint, region: REGION, credentials: { accessKeyId: KEY, secretAccessKey: KEY } },
    env: {
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: KEY,
      AWS_SECRET_ACCESS_KEY: KEY,
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
