import { chmodSync, chownSync, existsSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { restore, snapshot } from '../src/maintenance.js'
import { open, openBank, scratchPath } from './support/scratch.js'

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

function withUmask(umask: number): void {
  const before = process.umask(umask)
  onTestFinished(() => void process.umask(before))
}

/** A database as it comes from elsewhere: without a journal. */
async function broughtFromElsewhere(mode: number): Promise<string> {
  const path = scratchPath()
  await (await openBank({}, path)).close()
  rmSync(`${path}-journal`)
  chmodSync(path, mode)
  return path
}

describe.skipIf(process.platform === 'win32')('what is made beside a database', () => {
  it.each([0o600, 0o640, 0o664])('as its journal has its mode (%o): it holds the same rows', async (mode) => {
    const path = await broughtFromElsewhere(mode)
    await open(path).execute('UPDATE account SET balance = 7')
    expect(modeOf(`${path}-journal`)).toBe(mode.toString(8))
  })

  it('as its journal can be written by a group that may write the database, whatever the umask is', async () => {
    const path = await broughtFromElsewhere(0o660)
    withUmask(0o077)
    await open(path).execute('UPDATE account SET balance = 7')
    expect(modeOf(`${path}-journal`)).toBe('660')
  })

  it.each([0o002, 0o022, 0o077])('as its journal has its mode where both are new, with the umask %o', async (umask) => {
    withUmask(umask)
    const path = scratchPath()
    await openBank({}, path)
    expect(modeOf(`${path}-journal`)).toBe(modeOf(path))
  })

  it('as a copy can be read by no more users: a snapshot, and what a restore keeps', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    chmodSync(path, 0o600)
    const copy = join(dirname(path), 'copy.db')
    await snapshot(bank, copy)
    const { keptAt } = await restore(bank, copy)
    expect([modeOf(copy), modeOf(keptAt)]).toEqual(['600', '600'])
    expect(existsSync(`${copy}-journal`)).toBe(false)
  })

  it.skipIf(process.geteuid?.() !== 0)(
    'by root as its journal belongs to the owner of the database, who could not write otherwise',
    async () => {
      const path = await broughtFromElsewhere(0o600)
      chownSync(path, 1234, 5678)
      await open(path).execute('SELECT * FROM account')
      expect(statSync(`${path}-journal`)).toMatchObject({ uid: 1234, gid: 5678 })
    },
  )
})
