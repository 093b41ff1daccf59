import { DatabaseError } from '@sqlite-efs/database'
import { LeaseError } from '@sqlite-efs/lease'
import { expect, test } from 'vitest'
import { toPrismaError, withPrismaError } from '../src/errors/database-error.js'

const details = { path: '/mnt/efs/app.db' }

test('a statement that is refused is an error of SQLite to raw queries, and names its file', () => {
  const error = toPrismaError(new DatabaseError('STATEMENT_REFUSED', 'ATTACH is refused', details))
  expect(error).toMatchObject({
    code: 'STATEMENT_REFUSED',
    message: 'ATTACH is refused',
    meta: { reason: 'STATEMENT_REFUSED', ...details },
    cause: { kind: 'sqlite', extendedCode: 21, message: 'ATTACH is refused' },
  })
})

test('an argument that SQLite can not store is P2007', () => {
  const error = toPrismaError(new DatabaseError('INVALID_ARGUMENT', 'argument 1 is no value', details))
  expect(error).toMatchObject({
    code: 'P2007',
    meta: { reason: 'INVALID_ARGUMENT', ...details },
    cause: { kind: 'InvalidInputValue', message: 'argument 1 is no value' },
  })
})

test.each(['UNREACHABLE', 'TABLE_NOT_FOUND', 'ACCESS_DENIED', 'CLOCK_SKEW', 'FOREIGN_PROTOCOL'] as const)(
  '%s, before the lease is held, says that nothing was written',
  (code) => {
    for (const message of ['no answer', 'no answer.', 'eu-central-1.amazonaws.com: no answer']) {
      const { message: told } = toPrismaError(new LeaseError(code, message)) as Error
      expect(told).toBe(`${message.replace(/\.$/, '')}. Nothing was written.`)
    }
  },
)

test.each(['LEASE_LOST', 'FILES_FAILED'] as const)('%s, which may come later, does not say so', (code) => {
  expect((toPrismaError(new LeaseError(code, 'too late')) as Error).message).not.toContain('written')
})

test('an error of another kind comes out as it is', () => {
  const bug = new TypeError('a bug')
  expect(toPrismaError(bug)).toBe(bug)
  const failing = (error: Error) => () => {
    throw error
  }
  expect(() => withPrismaError(failing(bug))).toThrow(bug)
  expect(() => withPrismaError(failing(new DatabaseError('BUSY', 'locked')))).toThrow(
    expect.objectContaining({ code: 'P1008' }),
  )
  expect(withPrismaError(() => 7)).toBe(7)
})
