import { describe, expect, test } from 'vitest'
import { DynamoDBLeaser, LeaseError, LocalLeaser } from '../src/index.js'

const errorOf = (construct: () => unknown): LeaseError => {
  try {
    construct()
  } catch (error) {
    expect(error).toBeInstanceOf(LeaseError)
    return error as LeaseError
  }
  throw new Error('Nothing was refused')
}

describe('the constructor refuses, naming option and value', () => {
  test.each([
    ['tableName', undefined],
    ['tableName', ''],
    ['tableName', 'ab'],
    ['tableName', 'a'.repeat(256)],
    ['tableName', 'app locks'],
    ['tableName', 'arn:aws:s3:::bucket'],
    ['tableName', 42],
    ['client', {}],
    ['client', 'eu-central-1'],
    ['ttlMs', 0],
    ['ttlMs', -6000],
    ['ttlMs', Number.NaN],
    ['ttlMs', Number.POSITIVE_INFINITY],
    ['ttlMs', '6000'],
    ['ttlMs', 3_600_001],
    ['ttlMs', 500],
    ['timeoutMs', 0],
    ['timeoutMs', -1],
    ['timeoutMs', Number.NaN],
    ['timeoutMs', '5s'],
    ['maxClockSkewMs', -1],
    ['maxClockSkewMs', Number.NaN],
    ['maxClockSkewMs', null],
    ['requestTimeoutMs', 0],
    ['requestTimeoutMs', -1],
    ['requestTimeoutMs', Number.NaN],
    ['clock', {}],
    ['random', 4],
    ['owner', 7],
    ['onEvent', 'console'],
  ])('%s: %j', (option, value) => {
    const options = { tableName: 'app-locks', [option]: value }
    const error = errorOf(() => new DynamoDBLeaser(options))
    expect(error.code).toBe('CONFIGURATION')
    expect(error.message).toMatch(new RegExp(`^Option ${option} must .*, got `))
    expect(error.details).toEqual({ option })
    if (typeof value === 'number') expect(error.message).toContain(`${value}`)
  })

  test('a ttl that leaves no time to repeat a renewal, with the relation', () => {
    const options = { ttlMs: 2500, maxClockSkewMs: 500, requestTimeoutMs: 1000 }
    const error = errorOf(() => new LocalLeaser(options))
    expect(error.message).toMatch(/^Option ttlMs must be larger than .*, got 2500\.$/)
    expect(error.message).toContain('500 + 2 x 1000')
    expect(() => new LocalLeaser({ ...options, ttlMs: 2501 })).not.toThrow()
  })

  test('options that are no object', () => {
    for (const options of [undefined, null, 'app-locks']) {
      expect(errorOf(() => new DynamoDBLeaser(options as never)).code).toBe('CONFIGURATION')
    }
    expect(errorOf(() => new LocalLeaser(null as never)).code).toBe('CONFIGURATION')
  })
})

test('names and ARNs that DynamoDB takes are taken', () => {
  const arn = 'arn:aws:dynamodb:eu-central-1:123456789012:table/app-locks'
  for (const tableName of ['abc', 'App_locks-1.prod', 'a'.repeat(255), arn]) {
    expect(new DynamoDBLeaser({ tableName }).ttlMs).toBe(6000)
  }
})

test('a short ttl brings its own request timeout', () => {
  expect(new LocalLeaser({ ttlMs: 600 }).ttlMs).toBe(600)
})
