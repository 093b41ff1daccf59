import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { documentedCodes, unionMembers } from '../src/errors-page.js'
import { TOP } from '../src/pages.js'

const ERRORS = [
  { errorClass: 'LeaseError', union: 'LeaseErrorCode', source: 'packages/lease/src/errors.ts' },
  { errorClass: 'DatabaseError', union: 'DatabaseErrorCode', source: 'packages/database/src/errors.ts' },
  { errorClass: 'CliError', union: 'CliErrorCode', source: 'packages/cli/src/errors.ts' },
  {
    errorClass: 'PrismaSqliteEfsError',
    union: 'PrismaSqliteEfsErrorCode',
    source: 'packages/prisma-adapter/src/errors.ts',
  },
]

test.each(ERRORS)(
  'docs/errors.md has a row for each code of $errorClass, and no other',
  ({ errorClass, union, source }) => {
    const codes = unionMembers(readFileSync(join(TOP, source), 'utf8'), union)
    const rows = documentedCodes(readFileSync(join(TOP, 'docs/errors.md'), 'utf8'), errorClass)
    expect(rows.toSorted()).toEqual(codes.toSorted())
  },
)

test('a union is read with all its members', () => {
  const source = "/** Not 'this'. */\nexport type Code =\n  | 'A_B'\n  | 'P2034'\n\nexport type Other = 'C'\n"
  expect(unionMembers(source, 'Code')).toEqual(['A_B', 'P2034'])
})
