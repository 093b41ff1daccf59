// What Amazon's runtime needs of its native client (rapid-client.cc in aws-lambda-ric): next, done, error.
'use strict'

const { Agent, request } = require('node:http')

const [hostname, port] = process.env['AWS_LAMBDA_RUNTIME_API'].split(':')
const agent = new Agent({ keepAlive: true })

/** The native client's posts block until they are answered. Here the next question waits for them. */
let posted = Promise.resolve()

exports.next = async () => {
  await posted
  const { headers, body } = await send('GET', 'next')
  return { bodyJson: body, headers }
}

exports.done = (id, body) => {
  post(`${id}/response`, body)
}

// The third argument, the cause for X-Ray, has no reader here.
exports.error = (id, body) => {
  post(`${id}/error`, body)
}

function post(path, body) {
  posted = Promise.all([posted, send('POST', path, body)])
  // `next` hears of it.
  posted.catch(() => undefined)
}

function send(method, path, body) {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        hostname,
        port,
        agent,
        method,
        path: `/2018-06-01/runtime/invocation/${path}`,
        headers:
          body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        let text = ''
        response
          .setEncoding('utf8')
          .on('data', (piece) => {
            text += piece
          })
          .on('end', () => resolve({ headers: response.headers, body: text }))
          .on('error', reject)
      },
    )
    sent.on('error', reject).end(body)
  })
}
