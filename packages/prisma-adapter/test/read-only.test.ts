import { expect, test } from 'vitest'
import { runWithOwnMounts, whyNoMounts } from './support/own-mounts.js'

const noMounts = whyNoMounts()

test('a file system that becomes read-only: reads go on, writes say why, and all goes on when it is writable again', (context) => {
  context.skip(noMounts !== undefined, noMounts)
  const refused = { code: 'CONFIGURATION', message: expect.stringContaining('must be writable') as string }
  const readOnly = {
    write: refused,
    batch: refused,
    'nested write': refused,
    transaction: refused,
    migration: refused,
  }
  expect(runWithOwnMounts('read-only.ts')).toEqual({
    'while it only reads': {
      readOnly: { ...readOnly, read: { result: 0 }, 'raw read': { result: [{ count: 0 }] } },
      next: { result: { name: 'while it only reads' } },
      tags: ['while it only reads'],
      integrity: ['ok'],
    },
    'after it has written': {
      readOnly: { ...readOnly, read: { result: 1 }, 'raw read': { result: [{ count: 1 }] } },
      next: { result: { name: 'after it has written' } },
      tags: ['while it only reads', 'after it has written'],
      integrity: ['ok'],
    },
  })
})
