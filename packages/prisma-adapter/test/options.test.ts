import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { PrismaSqliteEfsError } from '../src/errors/errors.js'
import { type PrismaSqliteEfsOptions, resolveOptions } from '../src/options/options.js'

const table = { tableName: 'app-locks' }
const resolve = (options: unknown, env = {}) => resolveOptions(options as PrismaSqliteEfsOptions, env)

function refusal(options: unknown, env = {}): PrismaSqliteEfsError {
  try {
    resolve(options, env)
  } catch (error) {
    if (error instanceof PrismaSqliteEfsError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('url', () => {
  test.each([
    ['file:/mnt/efs/app.db', '/mnt/efs/app.db'],
    ['file:///mnt/efs/app.db', '/mnt/efs/app.db'],
    ['file://localhost/mnt/efs/app.db', '/mnt/efs/app.db'],
    ['FILE:/mnt/efs/app.db', '/mnt/efs/app.db'],
    ['/mnt/efs/app.db', '/mnt/efs/app.db'],
    ['/mnt/efs/100%.db', '/mnt/efs/100%.db'],
    ['/mnt/./efs//a/../app.db', '/mnt/efs/app.db'],
    ['file:/mnt/my%20data/a%3Fb.db', '/mnt/my data/a?b.db'],
    [':memory:', ':memory:'],
    ['file::memory:', ':memory:'],
    ['file:./dev.db', join(process.cwd(), 'dev.db')],
    ['file:dev.db', join(process.cwd(), 'dev.db')],
    ['file:../my%20data/dev.db', join(process.cwd(), '../my data/dev.db')],
    ['./dev.db', join(process.cwd(), 'dev.db')],
    ['prisma/dev.db', join(process.cwd(), 'prisma/dev.db')],
  ])('%s is the file %s', (url, path) => {
    expect(resolve({ url, lease: 'local' }).path).toBe(path)
  })

  test.each(['app.db', './app.db', 'file:app.db', 'file:./prisma/dev.db'])(
    '%s is refused with a DynamoDB table: hosts that share it may have different working directories',
    (url) => {
      const error = refusal({ url, lease: table })
      expect(error).toMatchObject({ code: 'CONFIGURATION', meta: { option: 'url' } })
      expect(error.message).toMatch(/absolute path, as in file:\/mnt\/efs\/app\.db.*lease: 'local'/)
    },
  )

  test.each([
    ['file:.', 'folder'],
    ['file:..', 'folder'],
    ['file:data/', 'folder'],
    ['libsql://app.turso.io', 'not supported'],
    ['"file:./dev.db"', 'leave them out'],
    ["'/srv/dev.db'", 'leave them out'],
    ['https://app.turso.io', 'not supported'],
    ['http://127.0.0.1:8080', 'not supported'],
    ['wss://app.turso.io', 'not supported'],
    ['ws://127.0.0.1', 'not supported'],
    ['postgres://user@host/db', 'not supported'],
    ['file://mnt/efs/app.db', 'file:/mnt/efs/app.db'],
    ['file:/mnt/efs/app.db?connection_limit=1', 'no parameters'],
    ['/mnt/efs/app.db?mode=ro', 'no parameters'],
    ['file:/mnt/efs/app.db#part', 'no parameters'],
    ['file:/mnt/efs/100%.db', '%25'],
    ['file:/mnt/efs/', 'folder'],
    ['file:', 'file: and a path'],
    ['file:/mnt/a%00b', 'NUL'],
    ['', 'file: and a path'],
    [undefined, 'DATABASE_URL'],
    [null, 'file: and a path'],
    [7, 'file: and a path'],
  ])('%j is refused, with the way out', (url, words) => {
    const error = refusal({ url, lease: 'local' })
    expect(error).toMatchObject({ code: 'CONFIGURATION', meta: { option: 'url' } })
    expect(error.message).toContain(words)
  })

  test('the message shows the value, but no password', () => {
    expect(refusal({ url: 'app.db', lease: table }).message).toMatch(/^Option url must be .*, got "app\.db"; /)
    expect(refusal({ url: 'libsql://me:hunter2@host?authToken=hunter2', lease: 'local' }).message).not.toContain(
      'hunter2',
    )
  })

  test(':memory: needs no line, and a line needs a file', () => {
    expect(refusal({ url: ':memory:', lease: table }).message).toContain("lease: 'local'")
    expect(refusal({ url: 'file::memory:' }, { SQLITE_LOCK_DYNAMODB_TABLE: 'app-locks' }).message).toContain(
      "lease: 'local'",
    )
  })

  test('the shadow database is in memory unless a file is named', () => {
    const url = 'file:/a.db'
    expect(resolve({ url, lease: 'local' }).shadowPath).toBe(':memory:')
    expect(resolve({ url, lease: 'local', shadowDatabaseUrl: 'file:/s.db' }).shadowPath).toBe('/s.db')
    expect(resolve({ url, lease: 'local', shadowDatabaseUrl: 's.db' }).shadowPath).toBe(join(process.cwd(), 's.db'))
    expect(refusal({ url, lease: table, shadowDatabaseUrl: 's.db' }).meta).toEqual({ option: 'shadowDatabaseUrl' })
  })
})

describe('lease', () => {
  const url = 'file:/mnt/efs/app.db'

  test('is never silently absent', () => {
    for (const lease of [undefined, {}, { tableName: undefined }]) {
      const error = refusal({ url, lease })
      expect(error.meta).toEqual({ option: 'lease.tableName' })
      expect(error.message).toContain('SQLITE_LOCK_DYNAMODB_TABLE')
      expect(error.message).toContain("'local'")
    }
    expect(refusal({ url }, { SQLITE_LOCK_DYNAMODB_TABLE: '' }).meta).toEqual({ option: 'lease.tableName' })
  })

  test('falls back to the table of the environment', () => {
    const env = { SQLITE_LOCK_DYNAMODB_TABLE: 'from-env' }
    expect(resolve({ url }, env).lease).toEqual({ tableName: 'from-env' })
    expect(resolve({ url, lease: { ttlMs: 9 } }, env).lease).toEqual({ tableName: 'from-env', ttlMs: 9 })
    expect(resolve({ url, lease: table }, env).lease).toEqual(table)
  })

  test("'local' is short for the protocol of that name, which takes waits, and no table from the environment", () => {
    const env = { SQLITE_LOCK_DYNAMODB_TABLE: 'from-env', SQLITE_LOCK_EXPIRATION: '9' }
    expect(resolve({ url, lease: 'local' }, env).lease).toEqual({ protocol: 'local' })
    const waits = { timeoutMs: 1, transactionTimeoutMs: 2, maxHoldMs: 3, ttlMs: 4000, maxClockSkewMs: 5, key: 'k' }
    expect(resolve({ url, lease: { protocol: 'local', ...waits } }, env).lease).toEqual({ protocol: 'local', ...waits })
    expect(resolve({ url: ':memory:', lease: { protocol: 'local' } }).path).toBe(':memory:')
  })

  test('by the Django protocol falls back to the settings of django-sqlite-efs, and no other does', () => {
    const env = {
      SQLITE_LOCK_DYNAMODB_TABLE: 'from-env',
      SQLITE_LOCK_EXPIRATION: '15',
      SQLITE_LOCK_MAX_ATTEMPTS: '10',
    }
    const lease = { protocol: 'django-sqlite-efs' }
    expect(resolve({ url, lease }, env).lease).toEqual({
      ...lease,
      tableName: 'from-env',
      ttlMs: 15_000,
      maxAttempts: 10,
    })
    const given = { ...lease, ...table, ttlMs: 7000, maxAttempts: 2 }
    expect(resolve({ url, lease: given }, env).lease).toEqual(given)
    expect(resolve({ url, lease: given }, { ...env, SQLITE_LOCK_EXPIRATION: 'x' }).lease).toEqual(given)
    expect(resolve({ url, lease: { ...lease, ...table } }, { SQLITE_LOCK_EXPIRATION: '' }).lease).toEqual({
      ...lease,
      ...table,
    })
    expect(resolve({ url }, env).lease).toEqual({ tableName: 'from-env' })
  })

  test.each([
    ['SQLITE_LOCK_EXPIRATION', '-1'],
    ['SQLITE_LOCK_EXPIRATION', '0'],
    ['SQLITE_LOCK_EXPIRATION', '0.5'],
    ['SQLITE_LOCK_EXPIRATION', '15s'],
    ['SQLITE_LOCK_EXPIRATION', 'Infinity'],
    ['SQLITE_LOCK_EXPIRATION', '3601'],
    ['SQLITE_LOCK_MAX_ATTEMPTS', '0'],
    ['SQLITE_LOCK_MAX_ATTEMPTS', '1.5'],
    ['SQLITE_LOCK_MAX_ATTEMPTS', 'many'],
  ])('a %s of %s is refused, naming the variable', (variable, value) => {
    const error = refusal({ url, lease: { ...table, protocol: 'django-sqlite-efs' } }, { [variable]: value })
    expect(error).toMatchObject({ code: 'CONFIGURATION', meta: { option: variable } })
    expect(error.message).toContain(JSON.stringify(value))
  })

  test.each<[unknown, string]>([
    [null, 'lease'],
    ['dynamodb', 'lease'],
    [true, 'lease'],
    [[], 'lease'],
    [{ tableName: '' }, 'lease.tableName'],
    [{ tableName: 7 }, 'lease.tableName'],
    [{ ...table, key: '' }, 'lease.key'],
    [{ ...table, key: 7 }, 'lease.key'],
    [{ ...table, maxAttempts: 3 }, 'lease.maxAttempts'],
    [{ ...table, protocol: 'django-sqlite-efs', maxAttempts: 0 }, 'lease.maxAttempts'],
    [{ ...table, protocol: 'django-sqlite-efs', maxAttempts: 1.5 }, 'lease.maxAttempts'],
    [{ ...table, protocol: 'django-sqlite-efs', maxAttempts: '10' }, 'lease.maxAttempts'],
    [{ ...table, protocol: 'redlock' }, 'lease.protocol'],
    [{ ...table, protocol: 'local' }, 'lease.tableName'],
    [{ protocol: 'local', client: {} }, 'lease.client'],
    [{ protocol: 'local', maxAttempts: 3 }, 'lease.maxAttempts'],
    [{ protocol: 'local', ttlMs: 0 }, 'lease.ttlMs'],
    [{ protocol: 'local', key: '' }, 'lease.key'],
    [{ ...table, tableNmae: 'x' }, 'lease.tableNmae'],
    [{ ...table, timeout: 5 }, 'lease.timeout'],
    [{ ...table, ttlMs: 0 }, 'lease.ttlMs'],
    ...['ttlMs', 'timeoutMs', 'transactionTimeoutMs', 'maxHoldMs', 'maxClockSkewMs'].flatMap((name) =>
      [Number.NaN, -1, Infinity, '5000', null].map((value): [unknown, string] => [
        { ...table, [name]: value },
        `lease.${name}`,
      ]),
    ),
  ])('%j is refused as %s', (lease, option) => {
    const error = refusal({ url, lease })
    expect(error).toMatchObject({ code: 'CONFIGURATION', meta: { option } })
    expect(error.message).toContain(`Option ${option} `)
  })
})

describe('a misspelt name', () => {
  const valid = { url: 'file:/mnt/efs/app.db', lease: 'local' }
  test.each<[object, string]>([
    [{ ...valid, lease: 'locl' }, "did you mean 'local'?"],
    [{ ...valid, lease: 'Local' }, "did you mean 'local'?"],
    [{ ...valid, lease: { tableNmae: 'x' } }, 'did you mean tableName?'],
    [{ ...valid, lease: { timeoutMS: 5 } }, 'did you mean timeoutMs?'],
    [{ ...valid, lease: { ...table, protocol: 'django-sqlite-ef' } }, "did you mean 'django-sqlite-efs'?"],
    [{ ...valid, transactionMode: 'defered' }, "did you mean 'deferred'?"],
    [{ ...valid, timestampFormat: 'iso-8601' }, "did you mean 'iso8601'?"],
    [{ ...valid, timestampformat: 'iso8601' }, 'did you mean timestampFormat?'],
    [{ ...valid, tableName: 'app-locks' }, 'did you mean lease.tableName?'],
    [{ ...valid, lease: { ...table, fencing: 'off' } }, 'did you mean fencing?'],
    [{ ...valid, lease: { table: 'app-locks' } }, 'did you mean tableName?'],
    [{ ...valid, lease: { ...table, region: 'eu-central-1' } }, 'did you mean client: new DynamoDBClient({ ... })?'],
    [{ ...valid, lease: true }, "must be 'local' or an object with tableName"],
  ])('%j is refused with the name that was meant', (options, hint) => {
    expect(refusal(options).message).toContain(hint)
  })

  test.each<object>([
    { ...valid, lease: 'dynamodb' },
    { ...valid, authToken: 'x' },
    { ...valid, transactionMode: 'serializable' },
    { ...valid, fencing: true },
  ])('%j is like no name, and none is guessed', (options) => {
    expect(refusal(options).message).not.toContain('did you mean')
  })
})

describe('the rest', () => {
  const valid = { url: 'file:/mnt/efs/app.db', lease: 'local' }

  test('has defaults', () => {
    expect(resolve(valid)).toMatchObject({
      transactionMode: 'immediate',
      fencing: undefined,
      pragmas: undefined,
      timestampFormat: 'iso8601',
      intMode: 'number',
      tracing: true,
    })
  })

  test.each([
    [{ transactionMode: 'exclusive' }, 'transactionMode'],
    [{ fencing: true }, 'fencing'],
    [{ timestampFormat: 'unixepoch' }, 'timestampFormat'],
    [{ pragmas: 'cache_size=1' }, 'pragmas'],
    [{ pragmas: { cache_size: Number.NaN } }, 'pragmas.cache_size'],
    [{ pragmas: { cache_size: true } }, 'pragmas.cache_size'],
    [{ timestampformat: 'iso8601' }, 'timestampformat'],
    [{ authToken: 'x' }, 'authToken'],
    [{ onEvent: 'console.log' }, 'onEvent'],
    [{ intMode: 'int' }, 'intMode'],
    [{ intMode: BigInt }, 'intMode'],
    [{ intMode: null }, 'intMode'],
    [{ tracing: 'off' }, 'tracing'],
    [{ tracing: null }, 'tracing'],
    [{ tracing: 0 }, 'tracing'],
  ])('%j is refused as %s', (options, option) => {
    expect(refusal({ ...valid, ...options })).toMatchObject({ code: 'CONFIGURATION', meta: { option } })
  })

  test.each([undefined, null, 'file:/a.db', []])('no options at all: %j', (options) => {
    expect(refusal(options)).toMatchObject({ code: 'CONFIGURATION' })
  })
})
