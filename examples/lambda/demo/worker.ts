// One Lambda instance: it gets one invocation at a time, and runs the real handler.
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { handler } from '../src/handler.js'
import { request } from './request.js'

async function invoke(event: APIGatewayProxyEventV2) {
  return handler(event, {} as Context, () => undefined)
}

process.on('message', (event: APIGatewayProxyEventV2) => {
  void invoke(event).then((result) => process.send?.(result))
})
// Whoever started it is gone.
process.on('disconnect', () => process.exit())
// Ctrl-C in a terminal reaches every process; the demo decides when a worker ends.
process.on('SIGINT', () => undefined)

await invoke(request('GET', '/health'))
process.send?.('ready')
