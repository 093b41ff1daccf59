import { expectTypeOf, test } from 'vitest'
import {
  type AcquireOptions,
  type CreateLeaserOptions,
  createLeaser,
  type DynamoDBClient,
  type Lease,
  LeaseError,
  type LeaseErrorCode,
  type LeaseEvent,
  type Leaser,
} from '../src/index.js'
import { OptionChecker, type QueuedAcquireOptions } from '../src/internal.js'

declare const client: DynamoDBClient
declare const ttlMs: number

test('createLeaser takes the options of the protocol, and gives a leaser', () => {
  expectTypeOf(createLeaser()).toEqualTypeOf<Leaser>()
  createLeaser({ tableName: process.env['TABLE'], client, ttlMs: 6000 })
  createLeaser({ protocol: 'line', tableName: 'app-locks' }, { SQLITE_LOCK_DYNAMODB_TABLE: 'app-locks' })
  createLeaser({ protocol: 'django-sqlite-efs', maxAttempts: 10 })
  createLeaser({ protocol: 'local', directory: '/srv/app.db-lease' })
  createLeaser({ onEvent: (event) => expectTypeOf(event).toEqualTypeOf<LeaseEvent>() })
  expectTypeOf<CreateLeaserOptions['protocol']>().toEqualTypeOf<'line' | 'django-sqlite-efs' | 'local' | undefined>()
})

test('createLeaser refuses the options of another protocol', () => {
  // @ts-expect-error -- a line on a table has no folder
  createLeaser({ protocol: 'line', directory: '/srv/app.db-lease' })
  // @ts-expect-error -- a line in files has no table
  createLeaser({ protocol: 'local', tableName: 'app-locks' })
  // @ts-expect-error -- a fair line needs no attempts
  createLeaser({ maxAttempts: 10 })
  // @ts-expect-error -- there is no such protocol
  createLeaser({ protocol: 'redlock' })
})

test('an acquisition waits for a number of milliseconds; only a queue is asked again', () => {
  expectTypeOf<AcquireOptions['timeoutMs']>().toEqualTypeOf<number | undefined>()
  expectTypeOf<QueuedAcquireOptions>().toExtend<AcquireOptions>()
  expectTypeOf<AcquireOptions>().not.toHaveProperty('remainingMs')
})

test('a leaser is whole, and its lease is disposable', () => {
  expectTypeOf<Leaser['close']>().toEqualTypeOf<() => Promise<void>>()
  expectTypeOf<Lease>().toExtend<AsyncDisposable>()
  expectTypeOf<ReturnType<Leaser['acquire']>>().resolves.toEqualTypeOf<Lease>()
})

test('an error has one of the codes', () => {
  expectTypeOf(LeaseError).instance.toHaveProperty('code').toEqualTypeOf<LeaseErrorCode>()
})

test('a checked option keeps its type', () => {
  const check = new OptionChecker((message) => new Error(message))
  expectTypeOf(check.milliseconds('ttlMs', ttlMs)).toEqualTypeOf<number>()
  expectTypeOf(check.whole('attempts', undefined as number | undefined)).toEqualTypeOf<number | undefined>()
  const mode = check.oneOf('mode', 'a' as 'a' | 'b' | undefined, ['a', 'b'])
  expectTypeOf(mode).toEqualTypeOf<'a' | 'b' | undefined>()
})
