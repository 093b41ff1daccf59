import { LocalLeaser } from '@sqlite-efs/lease'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FENCE_MARK, serialDistance } from '../src/file/fence.js'
import { WatchedLeaser } from './support/leasers.js'
import { outsider } from './support/outsider.js'
import { open, openBank, rows, scratchPath } from './support/scratch.js'

const fenceOf = async (path: string) => {
  const libsql = outsider(path)
  const value = (name: string) => (libsql.prepare(`PRAGMA ${name}`).raw().all([]) as [number][])[0]?.[0]
  return { mark: value('application_id'), fence: value('user_version') }
}

describe('the fence', () => {
  it('is the ticket of the last writer, in the header', async () => {
    const path = scratchPath()
    const leaser = new WatchedLeaser()
    const bank = await openBank({ leaser }, path)
    await bank.execute('UPDATE account SET balance = 1')
    expect(await fenceOf(path)).toEqual({ mark: FENCE_MARK, fence: leaser.lease?.token })
  })

  it('of a newer writer stops an older one before its first statement, and it stands in line again', async () => {
    const path = scratchPath()
    const leaser = new WatchedLeaser()
    const bank = await openBank({ leaser }, path)
    await bank.execute('UPDATE account SET balance = 1')
    // Somebody with a ticket far ahead has written: the table was lost, and here it starts again.
    outsider(path).exec('PRAGMA user_version=5000')
    leaser.log.length = 0
    await bank.execute('UPDATE account SET balance = 2')
    expect(leaser.log).toContain('raise')
    expect((await fenceOf(path)).fence).toBe(5001)
    expect(await rows(bank, 'SELECT sum(balance) FROM account')).toEqual([[4n]])
  })

  it('stays in order where tickets pass 2^31', async () => {
    const path = scratchPath()
    const leaser = new LocalLeaser()
    const bank = open(path, { leaser })
    await leaser.raise(`database#${path}`, 2 ** 31 - 3)
    for (let i = 0; i < 6; i++) {
      await bank.script(i === 0 ? 'CREATE TABLE t (a)' : `INSERT INTO t VALUES (${i})`)
      const lease = await leaser.acquire(`database#${path}`)
      await lease.release()
    }
    const { fence } = await fenceOf(path)
    expect(fence).toBeLessThan(100)
    expect(await rows(bank, 'SELECT count(*) FROM t')).toEqual([[5n]])
  })

  it('compares as serial numbers do (RFC 1982)', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 40), fc.integer({ min: -(2 ** 30) + 1, max: 2 ** 30 - 1 }), (token, ahead) => {
        fc.pre(token + ahead >= 0)
        return serialDistance((token + ahead) % 2 ** 31, token) === ahead
      }),
    )
  })

  it.each(['PRAGMA user_version=7', 'PRAGMA application_id=1234'])(
    'refuses a file that uses the header for itself (%s), before anything is written',
    async (pragma) => {
      const path = scratchPath()
      const stranger = outsider(path)
      stranger.exec(`CREATE TABLE t (a); ${pragma}`)
      const before = await fenceOf(path)
      const database = open(path)
      await expect(database.execute('INSERT INTO t VALUES (1)')).rejects.toMatchObject({
        code: 'CONFIGURATION',
        message: expect.stringContaining("fencing: 'off'") as string,
        details: { option: 'fencing' },
      })
      expect(await rows(database, 'SELECT * FROM t')).toEqual([])
      await database.close()
      const off = open(path, { fencing: 'off' })
      await off.execute('INSERT INTO t VALUES (1)')
      expect(await fenceOf(path)).toEqual(before)
    },
  )

  it('can not be switched off by one of several writers', async () => {
    const path = scratchPath()
    await (await openBank({}, path)).close()
    await expect(open(path, { fencing: 'off' }).execute('UPDATE account SET balance = 1')).rejects.toMatchObject({
      code: 'CONFIGURATION',
    })
  })

  it("is kept out of a statement's own result, and costs no commit of its own", async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    const before = await fenceOf(path)
    await bank.execute('UPDATE account SET balance = 1 WHERE id = 77')
    expect(await fenceOf(path)).toEqual(before)
  })
})
