import { beforeAll, describe, expect, test } from 'vitest'
import { runWithOwnMounts, whyNoMounts } from './support/own-mounts.js'

const noMounts = whyNoMounts()

interface State {
  sum: number
  rows: number
  tags: string[]
  integrity: string[]
}

interface Outcome {
  failed: { code: string; message: string }
  acknowledged: string[]
  meanwhile: State
  after: State
}

type Report = Record<string, Outcome>

describe('a disk that is full', () => {
  let report: Report & { files?: string[] }

  beforeAll(() => {
    if (noMounts === undefined) report = runWithOwnMounts('disk-full.ts') as Report
  })

  /** What is there beside what the attempt would have written. */
  const untouched = { sum: 0, rows: 2_000, integrity: ['ok'] }

  test.for<[string, string]>([
    ['a statement', 'P2039'],
    ['a statement of a transaction', 'P2039'],
    ['a statement whose error is caught in its transaction', 'P1018'],
    ['a statement among those that share a commit', 'P2039'],
    ['COMMIT of a statement', 'P2039'],
    ['COMMIT of a transaction', 'P2039'],
    ['COMMIT of writes that share one', 'P2039'],
    ['a migration', 'P2039'],
    ['a new database', 'P2039'],
    ['a journal that a stranger took away', 'P2039'],
  ])(
    'met in %s is %s; nothing of it stays, what was acknowledged does, reads go on, and so do writes when there is room',
    ([name, code], context) => {
      context.skip(noMounts !== undefined, noMounts)
      const { failed, acknowledged, meanwhile, after } = report[name]!
      expect(failed).toMatchObject({ code, message: expect.stringMatching(/disk is full|no space left/) as string })
      expect(meanwhile).toEqual({ ...untouched, tags: ['before', ...acknowledged] })
      expect(after).toEqual({ ...untouched, tags: ['before', 'next', ...acknowledged].toSorted() })
    },
  )

  test('leaves no file behind that was being made', (context) => {
    context.skip(noMounts !== undefined, noMounts)
    // The line of the database that could not be made needs no room, and stays.
    expect(report.files).toEqual(['app.db', 'app.db-2-lease', 'app.db-journal', 'app.db-lease'])
  })
})
