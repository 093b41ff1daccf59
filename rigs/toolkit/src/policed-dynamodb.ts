import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type LocalDynamoDB, startDynamoDB } from './dynamodb.js'

/** An IAM policy document, as far as it is evaluated here. */
export interface Policy {
  Statement: {
    Effect: string
    Action: readonly string[]
    Resource: string
    Condition?: { 'ForAllValues:StringEquals'?: { 'dynamodb:LeadingKeys'?: readonly string[] } }
  }[]
}

/** One request that came, as IAM sees it. */
export interface PolicedRequest {
  /** `dynamodb:GetItem`, say. */
  action: string
  tableName: string
  /** The partition key, where the request has one. */
  key: string | undefined
  allowed: boolean
}

/**
 * The DynamoDB API behind a proxy that is what IAM is in AWS: it refuses what the policy does not allow, before DynamoDB sees it.
 * Evaluated is what Allow statements need: actions, the table's ARN, and `dynamodb:LeadingKeys`.
 */
export class PolicedDynamoDB implements AsyncDisposable {
  /** What is allowed now; undefined allows everything. */
  policy: Policy | undefined
  readonly requests: PolicedRequest[] = []
  /** Called for each request that is allowed; `'unanswered'` has it carried out, and its answer lost. */
  fate: (request: PolicedRequest) => 'served' | 'unanswered' = () => 'served'
  readonly #dynamodb: LocalDynamoDB
  readonly #server = createServer((incoming, outgoing) => void this.#handle(incoming, outgoing))

  private constructor(dynamodb: LocalDynamoDB) {
    this.#dynamodb = dynamodb
  }

  static async start(): Promise<PolicedDynamoDB> {
    const policed = new PolicedDynamoDB(await startDynamoDB())
    policed.#server.listen(0, '127.0.0.1')
    await once(policed.#server, 'listening')
    return policed
  }

  get config(): LocalDynamoDB['config'] {
    return { ...this.#dynamodb.config, endpoint: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}` }
  }

  /** The ARN by which a policy names a table of this server. */
  arnOf(tableName: string): string {
    return `arn:aws:dynamodb:${this.#dynamodb.config.region}:123456789012:table/${tableName}`
  }

  get refused(): PolicedRequest[] {
    return this.requests.filter(({ allowed }) => !allowed)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
    await this.#dynamodb.close()
  }

  async #handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    outgoing.on('error', () => undefined)
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    await once(incoming, 'end')
    const body = Buffer.concat(chunks)
    const asked = this.#judge(String(incoming.headers['x-amz-target']), body)
    this.requests.push(asked)
    if (!asked.allowed) return refuse(outgoing, asked)
    const isLost = this.fate(asked) === 'unanswered'
    const { method, url, headers } = incoming
    const onward = request(new URL(url ?? '/', this.#dynamodb.config.endpoint), { method, headers }, (answer) => {
      if (isLost) answer.resume().on('end', () => outgoing.destroy())
      else answer.pipe(outgoing.writeHead(answer.statusCode ?? 500, answer.headers))
    })
    onward.on('error', () => outgoing.destroy())
    onward.end(body)
  }

  #judge(target: string, body: Buffer): PolicedRequest {
    const action = `dynamodb:${target.split('.')[1]}`
    const {
      TableName = '',
      Key,
      Item,
    } = JSON.parse(body.toString()) as Record<'Key' | 'Item', { pk?: { S?: string } }> & {
      TableName?: string
    }
    const key = (Key ?? Item)?.pk?.S
    const statements = this.policy?.Statement
    const allowed =
      statements === undefined ||
      statements.some(({ Effect, Action, Resource, Condition }) => {
        const keys = Condition?.['ForAllValues:StringEquals']?.['dynamodb:LeadingKeys']
        // ForAllValues holds of no values too.
        const isKeyAllowed = keys === undefined || key === undefined || keys.some((each) => resolved(each) === key)
        return Effect === 'Allow' && Action.includes(action) && Resource === this.arnOf(TableName) && isKeyAllowed
      })
    return { action, tableName: TableName, key, allowed }
  }
}

/** `${$}` stands for a dollar sign; other policy variables are not known here. */
const resolved = (text: string) => text.replaceAll('${$}', '$')

function refuse(outgoing: ServerResponse, { action, tableName }: PolicedRequest): void {
  const message = `User: arn:aws:sts::123456789012:assumed-role/app is not authorized to perform: ${action} on resource: ${tableName}`
  outgoing.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' })
  outgoing.end(JSON.stringify({ __type: 'com.amazon.coral.service#AccessDeniedException', Message: message }))
}
