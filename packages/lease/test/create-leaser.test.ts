import { describe, expect, test } from 'vitest'
import {
  type CreateLeaserOptions,
  createLeaser,
  DjangoCompatibleLeaser,
  DynamoDBLeaser,
  LocalLeaser,
} from '../src/index.js'
import { chooseLine, missingTable, OptionChecker } from '../src/internal.js'

const TABLE = { SQLITE_LOCK_DYNAMODB_TABLE: 'from-env' }
const DJANGO = { ...TABLE, SQLITE_LOCK_EXPIRATION: '15', SQLITE_LOCK_MAX_ATTEMPTS: '10' }

describe('createLeaser', () => {
  test.each<[CreateLeaserOptions, NodeJS.ProcessEnv, { type: unknown; name: string; ttlMs: number }]>([
    [{}, TABLE, { type: DynamoDBLeaser, name: 'DynamoDB table from-env', ttlMs: 6000 }],
    [{ tableName: 'given', ttlMs: 9000 }, DJANGO, { type: DynamoDBLeaser, name: 'DynamoDB table given', ttlMs: 9000 }],
    [{ protocol: 'line' }, DJANGO, { type: DynamoDBLeaser, name: 'DynamoDB table from-env', ttlMs: 6000 }],
    [
      { protocol: 'django-sqlite-efs' },
      DJANGO,
      { type: DjangoCompatibleLeaser, name: "DynamoDB table from-env, by django-sqlite-efs' protocol", ttlMs: 15_000 },
    ],
    [{ protocol: 'local' }, DJANGO, { type: LocalLeaser, name: 'this process', ttlMs: 6000 }],
    [{ protocol: 'local', directory: '/a' }, {}, { type: LocalLeaser, name: 'files in /a', ttlMs: 6000 }],
  ])('makes of %j, with the environment %j, the leaser of the protocol', (options, env, { type, name, ttlMs }) => {
    const leaser = createLeaser(options, env)
    expect(leaser).toBeInstanceOf(type)
    expect(leaser).toMatchObject({ name, ttlMs })
  })

  test('reads the environment of the process', () => {
    expect(() => createLeaser()).toThrow('SQLITE_LOCK_DYNAMODB_TABLE')
  })

  test.each<[CreateLeaserOptions, NodeJS.ProcessEnv, string]>([
    [
      {},
      {},
      "Option tableName must name the DynamoDB table that has the lease, got nothing; set it, or SQLITE_LOCK_DYNAMODB_TABLE, or use protocol: 'local' where no other machine writes.",
    ],
    [{}, { SQLITE_LOCK_DYNAMODB_TABLE: '' }, 'Option tableName must name'],
    [
      {},
      { SQLITE_LOCK_DYNAMODB_TABLE: 'a b' },
      'Environment variable SQLITE_LOCK_DYNAMODB_TABLE must be a DynamoDB table',
    ],
    [{ tableName: 'a b' }, TABLE, 'Option tableName must be a DynamoDB table'],
    [{ client: {} as never }, TABLE, 'Option client must be a DynamoDBClient, got an object.'],
    [
      { protocol: 'raft' as 'line' },
      TABLE,
      "Option protocol must be 'line' or 'django-sqlite-efs' or 'local', got \"raft\".",
    ],
    [
      { protocol: 'local', tableName: 'given' } as never,
      {},
      "Option tableName must be left out with protocol: 'local'",
    ],
    [{ maxAttempts: 3 } as never, TABLE, "Option maxAttempts must be left out without protocol: 'django-sqlite-efs'"],
    [
      { protocol: 'django-sqlite-efs', maxAttempts: 0 },
      TABLE,
      'Option maxAttempts must be a whole number, 1 or more, got 0.',
    ],
    [
      { protocol: 'django-sqlite-efs' },
      { ...TABLE, SQLITE_LOCK_EXPIRATION: '15s' },
      'Environment variable SQLITE_LOCK_EXPIRATION must be seconds, more than maxClockSkewMs (500 ms) and at most 3600, got "15s".',
    ],
    [
      { protocol: 'django-sqlite-efs' },
      { ...TABLE, SQLITE_LOCK_MAX_ATTEMPTS: '0' },
      'Environment variable SQLITE_LOCK_MAX_ATTEMPTS must be a whole number, 1 or more, got "0".',
    ],
    [null as never, TABLE, 'Option options must be an object, got null.'],
  ])('refuses %j with the environment %j', (options, env, message) => {
    expect(() => createLeaser(options, env)).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }))
    expect(() => createLeaser(options, env)).toThrow(message)
  })
})

describe('chooseLine', () => {
  test('prefers an option to the environment', () => {
    const options = { protocol: 'django-sqlite-efs', tableName: 'given', ttlMs: 7000, maxAttempts: 2 } as const
    expect(chooseLine(options, DJANGO)).toEqual(options)
  })

  test('leaves a table open that nothing names, and words what is missing for its caller', () => {
    expect(chooseLine({}, {})).toEqual({ tableName: undefined })
    const flags = new OptionChecker(
      (message) => new RangeError(message),
      (option) => `--${option}`,
    )
    expect(missingTable(flags)).toEqual(
      new RangeError(
        'Option --tableName must name the DynamoDB table that has the lease, got nothing; set it, or SQLITE_LOCK_DYNAMODB_TABLE.',
      ),
    )
  })
})
