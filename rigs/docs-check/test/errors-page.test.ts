import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isRetryable } from 'prisma-adapter-sqlite-efs'
import { expect, test } from 'vitest'
import { documentedCodes, documentedRetries, sourcesOf, unionMembers } from '../src/errors-page.js'
import { TOP } from '../src/pages.js'

const ERRORS = [
  { errorClass: 'LeaseError', union: 'LeaseErrorCode', source: 'packages/lease/src/contract/errors.ts' },
  { errorClass: 'DatabaseError', union: 'DatabaseErrorCode', source: 'packages/database/src/contract/errors.ts' },
  { errorClass: 'CliError', union: 'CliErrorCode', source: 'packages/cli/src/contract/errors.ts' },
  {
    errorClass: 'PrismaSqliteEfsError',
    union: 'PrismaSqliteEfsErrorCode',
    source: 'packages/prisma-adapter/src/errors/errors.ts',
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

/** What no client of Prisma meets: these are of an operator's commands. */
const OF_OPERATORS = ['CONTENDER_ALIVE', 'NO_SUCH_TICKET']

test('docs/errors.md says of each code whether it is retried as isRetryable does', () => {
  const page = readFileSync(join(TOP, 'docs/errors.md'), 'utf8')
  const mapping = readFileSync(join(TOP, 'packages/prisma-adapter/src/errors/database-error.ts'), 'utf8')
  const retries = documentedRetries(page, 'PrismaSqliteEfsError')
  expect([...retries.values()]).toContain('yes')
  for (const [code, retry] of retries) {
    const reasons = sourcesOf(mapping, code).filter((reason) => !OF_OPERATORS.includes(reason))
    if (retry !== 'no') expect(reasons).not.toEqual([])
    for (const reason of reasons.length > 0 ? reasons : [undefined]) {
      const error = Object.assign(new Error(code), { code, meta: { reason } })
      const expected = retry === 'yes' || (Array.isArray(retry) && retry.includes(String(reason)))
      expect({ code, reason, retry: isRetryable(error) }).toEqual({ code, reason, retry: expected })
    }
  }
})

test('what the column "retry" says is read', () => {
  const page = '## `E`\n| code | retry | x |\n|---|---|---|\n| `A` | yes | x |\n| `B` | **never** | `x` |\n'
  const limited = '| `C` | where `meta.reason` is `D` | x |\n'
  expect([...documentedRetries(page + limited, 'E')]).toEqual([
    ['A', 'yes'],
    ['B', 'no'],
    ['C', ['D']],
  ])
  expect(() => documentedRetries(`${page}| \`F\` | maybe | x |\n`, 'E')).toThrow('maybe')
})

test('a union is read with all its members', () => {
  const source = "/** Not 'this'. */\nexport type Code =\n  | 'A_B'\n  | 'P2034'\n\nexport type Other = 'C'\n"
  expect(unionMembers(source, 'Code')).toEqual(['A_B', 'P2034'])
})
