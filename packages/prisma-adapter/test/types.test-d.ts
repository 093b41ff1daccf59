import type { Writable } from 'node:stream'
import { Metrics } from '@aws-lambda-powertools/metrics'
import type { DatabaseEvent } from '@sqlite-efs/database'
import type { MigrateResult } from '@sqlite-efs/database/migrations'
import type { LeaseEvent } from '@sqlite-efs/lease'
import { describe, expectTypeOf, test } from 'vitest'
import {
  type LeaseOptions,
  PrismaSqliteEfs,
  type PrismaSqliteEfsError,
  type PrismaSqliteEfsErrorCode,
  type PrismaSqliteEfsOptions,
  retry,
  type SqliteEfsEvent,
} from '../src/index.js'
import {
  type CloudWatchMetrics,
  cloudWatchMetrics,
  leaseMiddleware,
  migrationHandler,
  type RemainingTime,
  withLease,
} from '../src/lambda.js'

declare const adapter: PrismaSqliteEfs

interface Event {
  name: string
}
interface Answer {
  statusCode: number
}
/** A context as @types/aws-lambda has it, as far as it matters here. */
interface Context extends RemainingTime {
  awsRequestId: string
}

describe('withLease', () => {
  test('keeps the type of a handler, with an event, with a context, and with neither', () => {
    const ofEvent = withLease(adapter, async (event: Event) => ({ statusCode: event.name.length }))
    expectTypeOf(ofEvent).toEqualTypeOf<(event: Event) => Promise<Answer>>()
    const ofBoth = withLease(adapter, async (event: Event, context: Context) => `${event.name} ${context.awsRequestId}`)
    expectTypeOf(ofBoth).toEqualTypeOf<(event: Event, context: Context) => Promise<string>>()
    const ofNothing = withLease(adapter, async () => {}, { marginMs: 100 })
    expectTypeOf(ofNothing).toEqualTypeOf<() => Promise<void>>()
  })

  test('keeps the type of a streaming handler', () => {
    const streaming = withLease(adapter, async (event: Event, stream: Writable, context: Context) => {
      stream.end(`${event.name} ${context.awsRequestId}`)
    })
    expectTypeOf(streaming).toEqualTypeOf<(event: Event, stream: Writable, context: Context) => Promise<void>>()
  })

  test('gives the handler the types of the function that it is used as', () => {
    const handler: (event: Event, context: Context) => Promise<Answer> = withLease(adapter, async (event, context) => {
      expectTypeOf(event).toEqualTypeOf<Event>()
      expectTypeOf(context).toEqualTypeOf<Context>()
      return { statusCode: 200 }
    })
    expectTypeOf(handler).returns.resolves.toEqualTypeOf<Answer>()
  })

  test('refuses a handler whose end can not be seen, and what is no adapter', () => {
    // @ts-expect-error -- it returns no promise
    withLease(adapter, (event: Event) => event.name)
    // @ts-expect-error -- it answers by its callback
    withLease(adapter, (event: Event, context: Context, done: (error: null, name: string) => void) =>
      done(null, event.name),
    )
    // @ts-expect-error -- a factory of another adapter is none
    withLease({ provider: 'sqlite', adapterName: 'another' }, async () => {})
    // @ts-expect-error -- there is no such option
    withLease(adapter, async () => {}, { marginSeconds: 1 })
  })

  test('as a middleware takes a context with or without the time that is left', () => {
    expectTypeOf(leaseMiddleware(adapter).before).toBeCallableWith({ context: {} })
    expectTypeOf(leaseMiddleware(adapter).after).returns.toEqualTypeOf<Promise<void>>()
  })
})

test('retry gives what the operation resolves to', () => {
  expectTypeOf(retry(async () => ({ id: 7 }))).toEqualTypeOf<Promise<{ id: number }>>()
  expectTypeOf(retry(() => Promise.resolve<'a' | null>(null), { attempts: 5 })).toEqualTypeOf<Promise<'a' | null>>()
  void retry(async () => {}, { only: (error) => error !== expectTypeOf(error).toBeUnknown() })
  // @ts-expect-error -- an operation that does not say when it has ended
  void retry(() => 7)
  // @ts-expect-error -- there is no such option
  void retry(async () => {}, { retries: 3 })
})

test('migrationHandler gives a handler of any event, which answers with what it applied', () => {
  const handler = migrationHandler({ url: 'file:/a.db', lease: 'local', migrations: 'prisma/migrations' })
  expectTypeOf(handler).toEqualTypeOf<(event: unknown, context: RemainingTime) => Promise<MigrateResult>>()
  // @ts-expect-error -- where the migrations are has no default
  migrationHandler({ url: 'file:/a.db' })
  // @ts-expect-error -- a migration is always one immediate transaction
  migrationHandler({ url: 'file:/a.db', migrations: 'prisma/migrations', transactionMode: 'deferred' })
})

test('cloudWatchMetrics gives a listener, and takes what counts instead', () => {
  expectTypeOf(cloudWatchMetrics()).toEqualTypeOf<CloudWatchMetrics>()
  expectTypeOf(cloudWatchMetrics()).toExtend<NonNullable<PrismaSqliteEfsOptions['onEvent']>>()
  cloudWatchMetrics({ metrics: new Metrics({ namespace: 'booking' }) })
  cloudWatchMetrics({
    namespace: 'booking',
    dimensions: { Stage: 'live' },
    write: (line) => expectTypeOf(line).toBeString(),
  })
  // @ts-expect-error -- a dimension is a string
  cloudWatchMetrics({ dimensions: { Stage: 7 } })
})

describe('the options', () => {
  const url = 'file:/mnt/efs/app.db'

  test('name the database, which the environment may leave undefined, and nothing else has to be there', () => {
    void new PrismaSqliteEfs({ url: process.env['DATABASE_URL'] })
    // @ts-expect-error -- url may be undefined, not forgotten
    void new PrismaSqliteEfs({ lease: 'local' })
    // @ts-expect-error -- there is no such option
    void new PrismaSqliteEfs({ url, authToken: 'x' })
    // @ts-expect-error -- unlike other adapters it takes one object
    void new PrismaSqliteEfs({ url }, { timestampFormat: 'iso8601' })
  })

  test("take a lease as 'local' or as an object of one of three protocols", () => {
    expectTypeOf<PrismaSqliteEfsOptions['lease']>().toEqualTypeOf<'local' | LeaseOptions | undefined>()
    expectTypeOf<LeaseOptions['protocol']>().toEqualTypeOf<'line' | 'django-sqlite-efs' | 'local' | undefined>()
    void new PrismaSqliteEfs({ url, lease: 'local' })
    void new PrismaSqliteEfs({ url, lease: { protocol: 'local', timeoutMs: 10_000 } })
    void new PrismaSqliteEfs({
      url,
      lease: { tableName: process.env['TABLE'], protocol: 'django-sqlite-efs', maxAttempts: 10 },
    })
    // @ts-expect-error -- there is no such lease
    void new PrismaSqliteEfs({ url, lease: 'redis' })
    // @ts-expect-error -- there is no such protocol
    void new PrismaSqliteEfs({ url, lease: { protocol: 'redlock' } })
    // @ts-expect-error -- a name with a typing error
    void new PrismaSqliteEfs({ url, lease: { tableNmae: 'app-locks' } })
    // @ts-expect-error -- a number of milliseconds
    void new PrismaSqliteEfs({ url, lease: { timeoutMs: '5s' } })
  })

  test('hear of the events of lease and database', () => {
    expectTypeOf<SqliteEfsEvent>().toEqualTypeOf<LeaseEvent | DatabaseEvent>()
    void new PrismaSqliteEfs({
      url,
      onEvent: (event) => {
        if (event.type === 'acquired') expectTypeOf(event.waitedMs).toBeNumber()
      },
    })
  })
})

test('an error has one of the codes', () => {
  expectTypeOf<PrismaSqliteEfsError['code']>().toEqualTypeOf<PrismaSqliteEfsErrorCode>()
})
