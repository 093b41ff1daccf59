import { once } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { finished, pipeline } from 'node:stream/promises'
import { setImmediate } from 'node:timers/promises'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
// oxlint-disable-next-line import/no-named-as-default -- its types know the default alone
import middy from '@middy/core'
import { createLeaseTable, DynamoDBLeaser } from '@sqlite-efs/lease'
import { type LocalDynamoDB, startDynamoDB } from '@sqlite-efs/toolkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { PrismaSqliteEfs, PrismaSqliteEfsError } from '../src/index.js'
import { leaseMiddleware, withLease } from '../src/lambda.js'
import { Workbench } from './support/clients.js'

const TABLE = 'app-locks'
let dynamodb: LocalDynamoDB
let client: DynamoDBClient
/** What DynamoDB was asked. */
let requests: string[] = []

beforeAll(async () => {
  dynamodb = await startDynamoDB()
  client = new DynamoDBClient({ ...dynamodb.config, maxAttempts: 1 })
  await createLeaseTable(client, TABLE)
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        requests.push(String(commandName))
        return next(args)
      },
    { step: 'initialize', name: 'seen' },
  )
})

afterAll(async () => {
  client.destroy()
  await dynamodb.close()
})

beforeEach(() => {
  requests = []
  vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'booking')
})

afterEach(() => vi.unstubAllEnvs())

/** A function's client and adapter, and what is heard of its leases. */
function lambda(bench: Workbench) {
  const events: string[] = []
  const onEvent = ({ type }: { type: string }) => {
    if (['acquired', 'released', 'commit', 'gave-up'].includes(type)) events.push(type)
  }
  const adapter = new PrismaSqliteEfs({
    url: bench.file,
    lease: { tableName: TABLE, client, maxHoldMs: 60_000, timeoutMs: 60_000 },
    onEvent,
  })
  return { adapter, events, prisma: bench.client(adapter) }
}

const context = (remainingMs = 60_000) => {
  const endMs = performance.now() + remainingMs
  return { getRemainingTimeInMillis: () => endMs - performance.now() }
}

describe('withLease', () => {
  test('five writes of an invocation cost two requests: one before the first, and one after the last', async () => {
    await using bench = await new Workbench().migrate()
    const { adapter, prisma, events } = lambda(bench)
    const handler = withLease(adapter, async (names: string[], _context: object) => {
      for (const name of names) await prisma.tag.create({ data: { name } })
      return { seen: [...events] }
    })
    const { seen } = await handler(['a', 'b', 'c', 'd', 'e'], context())
    expect(seen).toEqual(['acquired', 'commit', 'commit', 'commit', 'commit', 'commit'])
    expect(events).toEqual([...seen, 'released'])
    expect(requests.filter((command) => command !== 'GetItemCommand')).toEqual([
      'UpdateItemCommand',
      'UpdateItemCommand',
    ])
    expect(await prisma.tag.count()).toBe(5)
  })

  test('a handler that throws has its lease given back, and what it did not commit undone', async () => {
    await using bench = await new Workbench().migrate()
    const { adapter, prisma, events } = lambda(bench)
    const handler = withLease(adapter, async () => {
      await prisma.tag.create({ data: { name: 'a' } })
      await prisma.$transaction(async (tx) => {
        await tx.tag.create({ data: { name: 'b' } })
        throw new Error('of the application')
      })
    })
    await expect(handler()).rejects.toThrow('of the application')
    expect(events).toEqual(['acquired', 'commit', 'released'])
    expect(await prisma.tag.findMany({ select: { name: true } })).toEqual([{ name: 'a' }])
  })

  test('an interactive transaction that nobody awaits is over before the answer', async () => {
    await using bench = await new Workbench().migrate()
    const { adapter, prisma, events } = lambda(bench)
    const handler = withLease(adapter, async () => {
      void prisma.$transaction(async (tx) => {
        await tx.tag.create({ data: { name: 'a' } })
        await setImmediate()
        await tx.tag.create({ data: { name: 'b' } })
      })
    })
    await handler()
    expect(events).toEqual(['acquired', 'commit', 'released'])
  })

  test('a wait in line ends before the invocation does, with P1008 and the way out', async () => {
    await using bench = await new Workbench().migrate()
    const { adapter, prisma } = lambda(bench)
    await using lease = await new DynamoDBLeaser({ tableName: TABLE, client }).acquire(`database#${bench.file}`)
    const handler = withLease(adapter, async (_event: unknown, _context: object) =>
      prisma.tag.create({ data: { name: 'a' } }).catch((error: unknown) => error),
    )
    expect(await handler({}, context(600))).toMatchObject({
      code: 'P1008',
      meta: { option: "the function's timeout" },
      message: expect.stringContaining("the function's timeout") as string,
    })
    await lease.release()
  })

  test('invocations side by side have one lease, and each its own time', async () => {
    await using bench = await new Workbench().migrate()
    const { adapter, prisma, events } = lambda(bench)
    const line = new DynamoDBLeaser({ tableName: TABLE, client })
    const lease = await line.acquire(`database#${bench.file}`)
    const handler = withLease(adapter, async (name: string, _context: object) =>
      prisma.tag.create({ data: { name } }).then(
        ({ name }) => name,
        ({ code }: PrismaSqliteEfsError) => code,
      ),
    )
    const short = handler('short', context(600))
    const long = [handler('a', context()), handler('b', context())]
    expect(await short).toBe('P1008')
    await lease.release()
    expect(await Promise.all(long)).toEqual(['a', 'b'])
    expect(events.filter((type) => type !== 'commit')).toEqual(['acquired', 'released'])
  })

  test('the end of a streamed response waits for the lease to be given back', async () => {
    await using bench = await new Workbench().migrate()
    const { adapter, prisma, events } = lambda(bench)
    const handler = withLease(adapter, async (name: string, stream: PassThrough, _context: object) => {
      stream.write('begun')
      await prisma.tag.create({ data: { name } })
      stream.end('done')
    })
    const stream = new PassThrough()
    let seen = ''
    stream.on('data', (chunk: Buffer) => {
      seen += `${chunk.toString()} `
    })
    const ended = once(stream, 'end').then(() => {
      seen += events.at(-1)
    })
    await Promise.all([handler('a', stream, context()), ended])
    expect(seen).toBe('begun done released')
  })

  test('a response that is streamed from within a transaction ends, and the lease is given back after it', async () => {
    await using bench = await new Workbench().migrate()
    const { adapter, prisma, events } = lambda(bench)
    const handler = withLease(adapter, async (names: string[], stream: PassThrough, _context: object) => {
      await prisma.$transaction(async (tx) => {
        await tx.tag.createMany({ data: names.map((name) => ({ name })) })
        await pipeline(Readable.from(names), stream)
      })
    })
    const stream = new PassThrough()
    const read = text(stream)
    await handler(['a', 'b'], stream, context())
    expect(await read).toBe('ab')
    expect(events).toEqual(['acquired', 'commit', 'released'])
  })

  test('what is written after the end of the stream shares a lease too, and is done before the invocation is', async () => {
    await using bench = await new Workbench().migrate()
    const { adapter, prisma, events } = lambda(bench)
    const handler = withLease(adapter, async (names: string[], stream: PassThrough, _context: object) => {
      await prisma.tag.create({ data: { name: 'before' } })
      await finished(stream.end('answered').resume())
      for (const name of names) await prisma.tag.create({ data: { name } })
      void (async () => prisma.tag.create({ data: { name: 'not awaited' } }))()
    })
    await handler(['a', 'b'], new PassThrough(), context())
    expect(events).toEqual(['acquired', 'commit', 'released', 'acquired', 'commit', 'commit', 'commit', 'released'])
  })

  test('what a stream does not take is refused at once, as without it', async () => {
    const adapter = new PrismaSqliteEfs({ url: '/tmp/app.db', lease: 'local' })
    const handler = withLease(adapter, async (chunk: unknown, stream: PassThrough, _context: object) => {
      stream.end(chunk)
    })
    await expect(handler(42, new PassThrough(), context())).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
  })

  test('a cold start, before which nothing is connected, and a $disconnect in the middle make no difference', async () => {
    await using bench = await new Workbench().migrate()
    const { adapter, prisma, events } = lambda(bench)
    const handler = withLease(adapter, async (names: string[]) => {
      for (const name of names) {
        await prisma.tag.create({ data: { name } })
        await prisma.$disconnect()
      }
    })
    await handler(['a', 'b'])
    await handler(['c'])
    expect(events.filter((type) => type !== 'commit')).toEqual(['acquired', 'released', 'acquired', 'released'])
  })

  test('without it a write is acknowledged after its release', async () => {
    await using bench = await new Workbench().migrate()
    const { prisma, events } = lambda(bench)
    await prisma.tag.create({ data: { name: 'a' } })
    expect(events).toEqual(['acquired', 'commit', 'released'])
    await prisma.tag.create({ data: { name: 'b' } })
    expect(events).toEqual(['acquired', 'commit', 'released', 'acquired', 'commit', 'released'])
  })

  test('a handler that takes a callback is refused, before it is called', async () => {
    await using bench = await new Workbench().migrate()
    const { adapter } = lambda(bench)
    const called: unknown[] = []
    const handler = withLease(adapter, async (...[event, , callback]: [string, object, () => void]) => {
      called.push(event, callback)
    })
    await handler('rest parameters are none', context(), () => undefined)
    expect(called).toHaveLength(2)
    const withCallback = withLease(adapter, async (event: string, _context: object, callback: () => void) => {
      called.push(event, callback)
    })
    await expect(withCallback('a', context(), () => undefined)).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('async function of (event, context)') as string,
    })
    expect(called).toHaveLength(2)
  })
})

describe('leaseMiddleware', () => {
  const bench = async () => {
    const bench = await new Workbench().migrate()
    return { bench, ...lambda(bench) }
  }

  test('has the same effect with middy', async () => {
    const { bench: used, adapter, prisma, events } = await bench()
    await using _ = used
    const handler = middy<string[]>()
      .use(leaseMiddleware(adapter))
      .handler(async (names: string[]) => {
        for (const name of names) await prisma.tag.create({ data: { name } })
        return events.length
      })
    expect(await handler(['a', 'b', 'c'], context() as never, {} as never)).toBe(4)
    expect(events).toEqual(['acquired', 'commit', 'commit', 'commit', 'released'])
  })

  test('gives the lease back when the handler throws, for another middleware to answer', async () => {
    const { bench: used, adapter, prisma, events } = await bench()
    await using _ = used
    const handler = middy()
      .onError(() => `answered after ${events.at(-1)}`)
      .use(leaseMiddleware(adapter))
      .handler(async () => {
        await prisma.tag.create({ data: { name: 'a' } })
        throw new Error('of the application')
      })
    expect(await handler({}, context() as never, {} as never)).toBe('answered after released')
  })

  test('gives each of several at once its own time', async () => {
    const { bench: used, adapter, prisma } = await bench()
    await using _ = used
    const lease = await new DynamoDBLeaser({ tableName: TABLE, client }).acquire(`database#${used.file}`)
    const handler = middy<string>()
      .before(async () => {
        await setImmediate()
      })
      .use(leaseMiddleware(adapter))
      .handler(async (name: string) =>
        prisma.tag.create({ data: { name } }).then(
          ({ name }) => name,
          ({ code }: PrismaSqliteEfsError) => code,
        ),
      )
    const call = (name: string, ms: number) => handler(name, context(ms) as never, {} as never)
    const long = [call('a', 60_000), call('b', 60_000)]
    expect(await call('short', 600)).toBe('P1008')
    await lease.release()
    expect(await Promise.all(long)).toEqual(['a', 'b'])
  })

  test('used last, it leaves nothing behind where another middleware answers early', async () => {
    const { bench: used, adapter, events } = await bench()
    await using _ = used
    const handler = middy()
      .before(() => 'early')
      .use(leaseMiddleware(adapter))
      .handler(async () => 'late')
    expect(await handler({}, context() as never, {} as never)).toBe('early')
    expect(events).toEqual([])
  })
})

test('a context that does not tell its time is refused, by its own name', async () => {
  const adapter = new PrismaSqliteEfs({ url: '/tmp/app.db', lease: 'local' })
  const handler = withLease(adapter, async (_event: object, _context: object) => undefined)
  await expect(handler({}, { getRemainingTimeInMillis: () => undefined })).rejects.toMatchObject({
    code: 'CONFIGURATION',
    meta: { option: 'context.getRemainingTimeInMillis()' },
  })
})

test.each([
  ['adapter', () => withLease({} as never, async () => undefined)],
  ['handler', (adapter: PrismaSqliteEfs) => withLease(adapter, {} as never)],
  ['marginMs', (adapter: PrismaSqliteEfs) => withLease(adapter, async () => undefined, { marginMs: -1 })],
  ['marginMs', (adapter: PrismaSqliteEfs) => withLease(adapter, async () => undefined, { marginMs: 1e10 })],
  ['options', (adapter: PrismaSqliteEfs) => withLease(adapter, async () => undefined, null as never)],
  ['margin', (adapter: PrismaSqliteEfs) => leaseMiddleware(adapter, { margin: 1 } as never)],
])('a wrong %s is refused as the function is defined', (option, define) => {
  const adapter = new PrismaSqliteEfs({ url: '/tmp/app.db', lease: 'local' })
  expect(() => define(adapter)).toThrow(
    expect.objectContaining({ code: 'CONFIGURATION', meta: { option } }) as PrismaSqliteEfsError,
  )
})
