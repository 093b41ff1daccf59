import { once } from 'node:events'
import { type IncomingMessage, type RequestOptions, request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LocalFunction, serveFunctionUrl } from '../src/index.js'

/** A function behind a URL, for the tests of a group. */
function usePage(handler: string) {
  const folder = new URL('fixtures/functions', import.meta.url).pathname
  const fn = new LocalFunction({ folder, handler, environments: 1, timeoutMs: 30_000, log: () => undefined })
  let close: () => Promise<void>
  let port: number
  beforeAll(async () => {
    const served = await serveFunctionUrl(fn)
    close = served.close
    port = Number(new URL(served.url).port)
  })
  afterAll(async () => {
    await close()
    await fn[Symbol.asyncDispose]()
  })
  return async (options: RequestOptions, body = '') => {
    const sent = request({ port, host: '127.0.0.1', agent: false, ...options }).end(body)
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    const { statusCode, headers } = response
    return { statusCode, headers, body: await text(response) }
  }
}

describe('a request', () => {
  const send = usePage('index.page')
  const eventOf = async (options: RequestOptions, body?: string | Buffer) =>
    JSON.parse((await send(options, body as string)).body) as APIGatewayProxyEventV2

  test('comes as an event in payload format 2.0', async () => {
    const event = await eventOf({
      path: '/events/an%20evening?a=1',
      headers: { 'user-agent': 'a test', host: 'x.on.aws' },
    })
    expect(event).toEqual({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/events/an%20evening',
      rawQueryString: 'a=1',
      queryStringParameters: { a: '1' },
      headers: {
        host: 'x.on.aws',
        'user-agent': 'a test',
        connection: 'close',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-port': expect.stringMatching(/^\d+$/),
        'x-forwarded-proto': 'http',
      },
      requestContext: {
        accountId: 'anonymous',
        apiId: 'local',
        domainName: 'x.on.aws',
        domainPrefix: 'local',
        http: {
          method: 'GET',
          path: '/events/an%20evening',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'a test',
        },
        requestId: expect.stringMatching(/^[-0-9a-f]{36}$/),
        routeKey: '$default',
        stage: '$default',
        time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
        timeEpoch: expect.any(Number),
      },
      isBase64Encoded: false,
    })
  })

  test('has its headers in lower case, those of one name joined, and its cookies apart', async () => {
    const { headers, cookies } = await eventOf({ headers: { 'X-Many': ['1', '2'], Cookie: 'a=1; b=x=y' } })
    expect(headers).toMatchObject({ 'x-many': '1,2' })
    expect(headers).not.toHaveProperty('cookie')
    expect(cookies).toEqual(['a=1', 'b=x=y'])
  })

  test('has its query as it came, and decoded with the values of one name joined', async () => {
    const { rawQueryString, queryStringParameters } = await eventOf({ path: '/?q=a%20b&n=1&n=2&empty=&what?=?' })
    expect(rawQueryString).toBe('q=a%20b&n=1&n=2&empty=&what?=?')
    expect(queryStringParameters).toEqual({ q: 'a b', n: '1,2', empty: '', 'what?': '?' })
  })

  test.each(['application/json', 'text/plain; charset=utf-8', 'application/xml', 'application/javascript'])(
    'has a body of %s as text',
    async (type) => {
      const event = await eventOf({ method: 'POST', headers: { 'content-type': type } }, '{"é":1}')
      expect(event).toMatchObject({ body: '{"é":1}', isBase64Encoded: false })
    },
  )

  test.each([
    'application/octet-stream',
    'image/png',
    'application/x-www-form-urlencoded',
    'application/json-patch+json',
  ])('has a body of %s in base64', async (type) => {
    const event = await eventOf({ method: 'POST', headers: { 'content-type': type } }, Buffer.from([0, 255, 1]))
    expect(event).toMatchObject({ body: 'AP8B', isBase64Encoded: true })
  })

  test.each([
    ['text/plain', 6 * 1024 * 1024],
    ['application/octet-stream', 4.5 * 1024 * 1024],
  ])('of %s is taken up to 6 MB, as the function gets it, and is 413 above', async (type, bytes) => {
    const post = { method: 'POST', path: '/length', headers: { 'content-type': type } }
    expect(await send(post, 'x'.repeat(bytes))).toMatchObject({ statusCode: 200, body: String(6 * 1024 * 1024) })
    expect(await send(post, 'x'.repeat(bytes + 1))).toMatchObject({ statusCode: 413 })
  })
})

describe('an answer', () => {
  const send = usePage('index.page')
  const answered = (answer: unknown) =>
    send({ method: 'POST', path: '/answer', headers: { 'content-type': 'application/json' } }, JSON.stringify(answer))

  test('is what the function says, with its headers and cookies', async () => {
    const headers = { 'Content-Type': 'text/html', 'X-Mine': 1 }
    const response = await answered({ statusCode: 404, headers, cookies: ['a=1', 'b=2; Secure'], body: '<p>é' })
    expect(response).toMatchObject({ statusCode: 404, body: '<p>é' })
    expect(response.headers).toMatchObject({
      'content-type': 'text/html',
      'x-mine': '1',
      'set-cookie': ['a=1', 'b=2; Secure'],
    })
  })

  test('is JSON unless the function says otherwise, and may be empty', async () => {
    const response = await answered({ statusCode: 204 })
    expect(response).toMatchObject({ statusCode: 204, headers: { 'content-type': 'application/json' }, body: '' })
  })

  test('is decoded where it is in base64', async () => {
    expect(await answered({ statusCode: 200, body: 'aGVsbG8=', isBase64Encoded: true })).toMatchObject({
      body: 'hello',
    })
  })

  test.each([
    ['a text', '"a text"'],
    [{ any: 'thing' }, '{"any":"thing"}'],
    [null, 'null'],
    [[1], '[1]'],
  ])('without a status, %j, is a body of JSON with status 200', async (answer, body) => {
    const response = await answered(answer)
    expect(response).toMatchObject({ statusCode: 200, headers: { 'content-type': 'application/json' }, body })
  })

  test.each([
    ['throws', 'throw'],
    ['dies', 'die'],
    ['gives a status that is none', { statusCode: 'fine' }],
    ['gives a body that is no text', { statusCode: 200, body: { a: 1 } }],
    ['gives headers that are none', { statusCode: 200, headers: 'x' }],
    ['gives cookies that are none', { statusCode: 200, cookies: 'x' }],
    ['gives a header that HTTP does not allow', { statusCode: 200, headers: { 'x-a': 'b\nc' } }],
  ])('is 502 where the function %s, and says no more', async (_, answer) => {
    expect(await answered(answer)).toMatchObject({ statusCode: 502, body: 'Internal Server Error' })
  })
})

test('a port that is in use is refused, and named', async () => {
  const folder = new URL('fixtures/functions', import.meta.url).pathname
  await using fn = new LocalFunction({ folder, handler: 'index.page', environments: 1, timeoutMs: 30_000 })
  const { url, close } = await serveFunctionUrl(fn)
  const port = Number(new URL(url).port)
  await expect(serveFunctionUrl(fn, { port })).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringContaining(`port is ${port}, and can't be listened on`) as string,
  })
  await close()
})

describe('a streamed answer', () => {
  const send = usePage('index.streamPage')

  test('begins with the status, the headers and the cookies that the handler gives', async () => {
    const { statusCode, headers, body } = await send({ path: '/' })
    expect({ statusCode, body }).toEqual({ statusCode: 201, body: '<p>one<p>two' })
    expect(headers).toMatchObject({ 'content-type': 'text/html', 'x-mine': 'yes', 'set-cookie': ['a=1', 'b=2'] })
    expect(headers['transfer-encoding']).toBe('chunked')
  })

  test('is 200 with the type that the handler sets, where it gives nothing else', async () => {
    const response = await send({ path: '/plain' })
    expect(response).toMatchObject({ statusCode: 200, headers: { 'content-type': 'text/plain' }, body: 'no prelude' })
  })

  test('is 502 where it begins with a status that is none', async () => {
    expect(await send({ path: '/invalid' })).toMatchObject({ statusCode: 502, body: 'Internal Server Error' })
  })

  test('breaks off where the handler throws in the middle', async () => {
    await expect(send({ path: '/fails' })).rejects.toThrow('aborted')
  })
})
