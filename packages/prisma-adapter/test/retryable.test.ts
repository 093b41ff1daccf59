import { DatabaseError } from '@sqlite-efs/database'
import { LeaseError } from '@sqlite-efs/lease'
import { describe, expect, test } from 'vitest'
import { toPrismaError } from '../src/errors/database-error.js'
import { isRetryable } from '../src/index.js'

const conflict = () => toPrismaError(new DatabaseError('WRITE_CONFLICT', 'the lease was lost before COMMIT'))

describe('isRetryable', () => {
  const wrapped = (cause: unknown, times: number): unknown =>
    times === 0 ? cause : { code: 'P2010', meta: { driverAdapterError: wrapped(cause, times - 1) } }
  const again: [string, unknown][] = [
    ['UNREACHABLE', toPrismaError(new LeaseError('UNREACHABLE', 'no answer'))],
    ['LEASE_ABORTED', toPrismaError(new LeaseError('LEASE_ABORTED', 'ended'))],
    ['LEASE_LOST', toPrismaError(new LeaseError('LEASE_LOST', 'taken over'))],
    ['QUEUE_FULL', toPrismaError(new DatabaseError('QUEUE_FULL', 'too many'))],
    ["SQLite's BUSY", { code: 'P1008', meta: { extendedCode: 5 } }],
    ['one of its kinds', { code: 'P1008', meta: { extendedCode: 517 } }],
    ['what Prisma has put inside', wrapped(conflict(), 2)],
    [
      'a transaction that did not start',
      { code: 'P2028', message: 'Unable to start a transaction in the given time.' },
    ],
  ]
  test.each(again)('is true of %s', (_, error) => {
    expect(isRetryable(error)).toBe(true)
  })

  const never: [string, unknown][] = [
    ["another kind of error under SQLite's BUSY code", { code: 'P1017', meta: { extendedCode: 5 } }],
    ['an I/O error under the code of BUSY', { code: 'P1008', meta: { extendedCode: 266 } }],
    ['a code of SQLite that is a text', { code: 'P1008', meta: { extendedCode: '5' } }],
    ['a transaction that is over', { code: 'P2028', message: 'Transaction already closed' }],
    ['a reason without a code', { meta: { reason: 'WRITE_CONFLICT' } }],
    ['a code without a reason', { code: 'P2034' }],
    ['what Prisma has put inside', wrapped(new TypeError('a bug'), 1)],
    ['null', null],
  ]
  test.each(never)('is false of %s', (_, error) => {
    expect(isRetryable(error)).toBe(false)
  })

  test('is false of an error that refers to itself', () => {
    const error = { code: 'P2010', meta: {} as Record<string, unknown> }
    error.meta['driverAdapterError'] = error
    expect(isRetryable(error)).toBe(false)
  })
})
