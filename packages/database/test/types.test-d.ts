import { expectTypeOf, test } from 'vitest'
import type { Database, DatabaseErrorCode, ResultSet, Transaction } from '../src/index.js'
import { hold, type LeaseHandle } from '../src/maintenance.js'
import { type MigrateResult, migrate } from '../src/migrations.js'

declare const database: Database

test('hold gives what its body resolves to', () => {
  const held = hold(database, async (handle) => {
    expectTypeOf(handle).toEqualTypeOf<LeaseHandle>()
    return { rows: 7 }
  })
  expectTypeOf(held).toEqualTypeOf<Promise<{ rows: number }>>()
  expectTypeOf(hold(database, async () => {})).toEqualTypeOf<Promise<void>>()
  // @ts-expect-error -- a body that does not say when it has ended
  void hold(database, () => 7)
})

test('statements, transactions and migrations have their results', () => {
  expectTypeOf(database.execute('SELECT ?', [1n, null, 'x', new Uint8Array()])).toEqualTypeOf<Promise<ResultSet>>()
  expectTypeOf(database.transaction({ mode: 'deferred' })).toEqualTypeOf<Promise<Transaction>>()
  expectTypeOf(migrate(database, 'prisma/migrations')).toEqualTypeOf<Promise<MigrateResult>>()
  // @ts-expect-error -- SQLite stores no dates
  void database.execute('SELECT ?', [new Date()])
})

test('no code is one of Prisma’s', () => {
  expectTypeOf<Extract<DatabaseErrorCode, `P${number}`>>().toBeNever()
})
