import type { ServerResponse } from 'node:http'

/** What a client of a function URL sees of an error in the function; one who has begun to read sees the connection break. */
export function refuse(response: ServerResponse): void {
  if (response.writableEnded) return
  if (response.headersSent) response.destroy()
  else response.writeHead(502, { 'content-type': 'application/json' }).end('Internal Server Error')
}
