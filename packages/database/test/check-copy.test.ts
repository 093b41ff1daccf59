import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { checkCopy } from '../src/maintenance.js'
import { openBigBank } from './support/big-bank.js'
import { leaserThatIsNeverAsked } from './support/leasers.js'
import { outsider } from './support/outsider.js'
import { open, openBank, rows, scratchFolder, scratchPath } from './support/scratch.js'

/** SQLite's temporary folder for one test. */
function temporaryFolder(): string {
  const folder = scratchFolder()
  vi.stubEnv('SQLITE_TMPDIR', folder)
  return folder
}

describe('a check of a copy', () => {
  it('needs no lease, keeps the copy from other users, and deletes it', async () => {
    const path = scratchPath()
    await (await openBank({}, path)).close()
    const folder = temporaryFolder()
    const modes = new Set<number>()
    const result = await checkCopy(open(path, { leaser: leaserThatIsNeverAsked() }), {
      onProgress: () => {
        for (const name of readdirSync(folder)) modes.add(statSync(join(folder, name)).mode & 0o777)
      },
    })
    expect(result).toMatchObject({ path, bytes: statSync(path).size, problems: [], tries: 1, heldLease: false })
    expect([...modes]).toEqual([0o600])
    expect(readdirSync(folder)).toEqual([])
  })

  it('is made under the lease where somebody commits all the time, and lets everybody read', async () => {
    const bank = await openBigBank({ release: 'before-answer' })
    temporaryFolder()
    const other = outsider(bank.path)
    const outcomes: string[] = []
    const result = await checkCopy(bank, {
      onProgress: ({ phase, donePages, pages }) => {
        if (phase !== 'copying' || donePages === 0 || donePages === pages) return
        try {
          other.exec('UPDATE account SET balance = balance + 1')
          outcomes.push('committed')
        } catch (error) {
          outcomes.push(String(error))
        }
      },
    })
    expect(result).toMatchObject({ problems: [], tries: 4, heldLease: true })
    expect(outcomes.slice(0, 4)).toEqual(['committed', 'committed', 'committed', expect.stringContaining('locked')])
    expect(await rows(bank, 'SELECT count(*) FROM account')).toEqual([[2n]])
  })
})
