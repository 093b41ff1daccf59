import type { IncomingMessage } from 'node:http'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { LocalLambdaError } from './errors.js'

const URL_ID = 'local'
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Where an HTTP answer begins. */
export interface Head {
  statusCode: number
  /** In lower case, with the cookies among them. */
  headers: Record<string, string | string[]>
}

/**
 * A request as a function URL hands it to its function, in payload format 2.0.
 * (https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html)
 */
export function toEvent(request: IncomingMessage, body: Buffer, requestId: string): APIGatewayProxyEventV2 {
  const [path = '/', ...query] = (request.url ?? '/').split('?')
  const rawQueryString = query.join('?')
  const { cookie, ...headers } = joinedHeaders(request)
  const sourceIp = request.socket.remoteAddress ?? '127.0.0.1'
  const now = new Date()
  const isText = isTextType(headers['content-type'])
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString,
    ...(cookie === undefined ? {} : { cookies: cookie.split(/; */) }),
    headers: {
      'x-forwarded-for': sourceIp,
      'x-forwarded-port': String(request.socket.localPort),
      'x-forwarded-proto': 'http',
      ...headers,
    },
    ...(rawQueryString === '' ? {} : { queryStringParameters: joinedParameters(rawQueryString) }),
    requestContext: {
      accountId: 'anonymous',
      apiId: URL_ID,
      domainName: headers['host'] ?? '',
      domainPrefix: URL_ID,
      http: {
        method: request.method ?? 'GET',
        path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId,
      routeKey: '$default',
      stage: '$default',
      time: commonLogTime(now),
      timeEpoch: now.getTime(),
    },
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  }
}

/**
 * The answer of a function: what has a `statusCode` is taken as it is, anything else is the body, in JSON.
 *
 * @throws LocalLambdaError `INVALID_RESPONSE`: a function URL can't make an answer of it
 */
export function toAnswer(payload: unknown): Head & { body: Buffer } {
  if (typeof payload !== 'object' || payload === null || !('statusCode' in payload)) {
    return { statusCode: 200, headers: { ...JSON_TYPE }, body: Buffer.from(JSON.stringify(payload)) }
  }
  const { body = '', isBase64Encoded = false } = payload as { body?: unknown; isBase64Encoded?: unknown }
  if (typeof body !== 'string') throw invalid('body', body)
  return { ...toHead(payload), body: Buffer.from(body, isBase64Encoded === true ? 'base64' : 'utf8') }
}

/**
 * Status, headers and cookies, as a function returns them or a streamed response begins with them.
 *
 * @throws LocalLambdaError `INVALID_RESPONSE`
 */
export function toHead(payload: object): Head {
  const { statusCode = 200, headers = {}, cookies = [] } = payload as Record<string, unknown>
  const status = Number(statusCode)
  if (!Number.isInteger(status) || status < 100 || status > 599) throw invalid('statusCode', statusCode)
  if (typeof headers !== 'object' || headers === null) throw invalid('headers', headers)
  if (!Array.isArray(cookies)) throw invalid('cookies', cookies)
  const lowered = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)])
  return {
    statusCode: status,
    headers: {
      ...JSON_TYPE,
      ...(Object.fromEntries(lowered) as Record<string, string>),
      ...(cookies.length > 0 ? { 'set-cookie': cookies.map(String) } : {}),
    },
  }
}

const JSON_TYPE = { 'content-type': 'application/json' }

function invalid(name: string, value: unknown): LocalLambdaError {
  return new LocalLambdaError('INVALID_RESPONSE', `the function answered with the ${name} ${JSON.stringify(value)}`)
}

/** Names in lower case, values of one name joined by commas, cookies by semicolons. */
function joinedHeaders({ headersDistinct }: IncomingMessage): Record<string, string> {
  const entries = Object.entries(headersDistinct)
  return Object.fromEntries(entries.map(([name, values = []]) => [name, values.join(name === 'cookie' ? '; ' : ',')]))
}

function joinedParameters(query: string): Record<string, string> {
  const parameters = new URLSearchParams(query)
  return Object.fromEntries([...parameters.keys()].map((name) => [name, parameters.getAll(name).join(',')]))
}

/** Any other body comes in base64. */
function isTextType(type = ''): boolean {
  return /^(text\/|application\/(json|javascript|xml)\s*(;|$))/i.test(type)
}

/** As access logs have it: `05/Aug/2022:08:14:39 +0000`. */
function commonLogTime(time: Date): string {
  const [date = '', clock = ''] = time.toISOString().split('T')
  const [year, month, day] = date.split('-')
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${clock.slice(0, 8)} +0000`
}
