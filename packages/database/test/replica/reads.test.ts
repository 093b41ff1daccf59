import { renameSync } from 'node:fs'
import Libsql from 'libsql'
import { describe, expect, it } from 'vitest'
import { CLOCK_FOR_TESTS } from '../../src/file/options.js'
import { ManualClock } from '../support/manual-clock.js'
import { isLocked, outsider } from '../support/outsider.js'
import { replicatedBank, SUM, stranger } from '../support/replica.js'
import { rows, scratchPath } from '../support/scratch.js'

describe('a replica', () => {
  it('answers reads, and holds no lock meanwhile', async () => {
    const { bank, told } = await replicatedBank()
    expect(await rows(bank, SUM)).toEqual([[200n]])
    expect(told()).toEqual(['read by replica'])
  })

  it('answers those that are sent together after one look', async () => {
    const { bank, told } = await replicatedBank()
    await Promise.all([rows(bank, SUM), rows(bank, SUM), rows(bank, SUM)])
    expect(told()).toEqual(['read by replica'])
  })

  it('is made only when reads of the live file have cost as much', async () => {
    const { bank, path, told } = await replicatedBank()
    stranger(path).exec('UPDATE account SET balance = 1; UPDATE account SET balance = 2')
    await rows(bank, SUM)
    expect(told()).toEqual(['read by lock'])
    await rows(bank, SUM)
    expect(told()).toEqual(['whole after gap', 'read by lock'])
  })

  it('shows what another program committed, copying what that changed', async () => {
    const { bank, path, told } = await replicatedBank()
    stranger(path).exec('UPDATE account SET balance = 150 WHERE id = 1')
    expect(await rows(bank, SUM)).toEqual([[250n]])
    expect(await rows(bank, SUM)).toEqual([[250n]])
    expect(told()).toEqual(['delta after commit', 'read by lock', 'read by replica'])
  })

  it('shows what this process committed, at no read of the live file', async () => {
    const { bank, told } = await replicatedBank()
    await bank.execute('UPDATE account SET balance = 150 WHERE id = 1')
    // The second time the ticket is in the file already, and page 1 is not journaled before COMMIT.
    await bank.execute('UPDATE account SET balance = 151 WHERE id = 1')
    told()
    await bank.execute('UPDATE account SET balance = 152 WHERE id = 1')
    expect(await rows(bank, SUM)).toEqual([[252n]])
    expect(told().filter((it) => it !== 'read by lock')).toEqual(['own after commit', 'read by replica'])
  })

  it('shows a new column and a new table', async () => {
    const { bank, path } = await replicatedBank()
    const all = 'SELECT * FROM account WHERE id = 1'
    expect(await rows(bank, all)).toEqual([[1n, 100n]])
    stranger(path).exec('ALTER TABLE account ADD COLUMN name')
    expect(await rows(bank, all)).toEqual([[1n, 100n, null]])
    await bank.execute('CREATE TABLE other AS SELECT 7 AS seven')
    expect(await rows(bank, 'SELECT seven FROM other')).toEqual([[7n]])
  })

  it('is of the file that stands at the path', async () => {
    const clock = new ManualClock()
    const { bank, path } = await replicatedBank({}, { [CLOCK_FOR_TESTS]: clock })
    const another = scratchPath()
    const libsql = new Libsql(another)
    libsql.exec('CREATE TABLE account (id INTEGER PRIMARY KEY, balance); INSERT INTO account VALUES (1, 7)')
    libsql.close()
    renameSync(another, path)
    clock.advance(1_001)
    expect(await rows(bank, SUM)).toEqual([[7n]])
  })

  it('is not asked about the file itself', async () => {
    const { bank, told } = await replicatedBank()
    expect(await rows(bank, 'PRAGMA integrity_check')).toEqual([['ok']])
    expect(told()).not.toContain('read by replica')
  })

  it('has an error of SQLite reach the caller, and goes on', async () => {
    const { bank, told } = await replicatedBank()
    await expect(rows(bank, "SELECT json('{')")).rejects.toMatchObject({ code: 'SQLITE' })
    expect(await rows(bank, SUM)).toEqual([[200n]])
    expect(told()).not.toContain('off: error')
  })

  it('is none for a database that is too large', async () => {
    const { bank, told } = await replicatedBank({ maxBytes: 4_096 })
    for (let n = 0; n < 3; n++) await rows(bank, SUM)
    expect(told()).toEqual(['read by lock', 'read by lock', 'read by lock'])
  })

  it('is none where its folder can not be written, and reads are of the live file', async () => {
    const { bank, path, told } = await replicatedBank({ directory: '/nowhere' })
    stranger(path).exec('UPDATE account SET balance = 1')
    for (let n = 0; n < 3; n++) expect(await rows(bank, SUM)).toEqual([[2n]])
    expect(told()).not.toContain('read by replica')
  })
})

describe('a replica whose user allows it to be stale', () => {
  it('is not looked at within the bound, and is afterwards', async () => {
    const clock = new ManualClock()
    const { bank, path } = await replicatedBank({ maxStalenessMs: 500 }, { [CLOCK_FOR_TESTS]: clock })
    await rows(bank, SUM)
    stranger(path).exec('UPDATE account SET balance = 150 WHERE id = 1')
    clock.advance(400)
    expect(await rows(bank, SUM)).toEqual([[200n]])
    clock.advance(101)
    expect(await rows(bank, SUM)).toEqual([[250n]])
  })

  it('shows each commit of this process at once', async () => {
    const clock = new ManualClock()
    const { bank, path } = await replicatedBank({ maxStalenessMs: 500 }, { [CLOCK_FOR_TESTS]: clock })
    await rows(bank, SUM)
    await bank.execute('UPDATE account SET balance = 150 WHERE id = 1')
    expect(await rows(bank, SUM)).toEqual([[250n]])
    // Its own commit follows one that the copy has not: what it changed can't be known from the copy.
    await bank.execute('CREATE TABLE other (v)')
    expect(await rows(bank, SUM)).toEqual([[250n]])
    stranger(path).exec('UPDATE account SET balance = 1')
    await bank.execute('INSERT INTO other VALUES (1)')
    expect(await rows(bank, SUM)).toEqual([[2n]])
  })
})

describe('a deferred transaction on a replica', () => {
  it('sees one state, and no COMMIT waits for it', async () => {
    const { bank, path, told } = await replicatedBank()
    const transaction = await bank.transaction({ mode: 'deferred' })
    expect((await transaction.execute(SUM)).rows).toEqual([[200n]])
    expect(isLocked(outsider(path))).toBe(false)
    await bank.execute('UPDATE account SET balance = 150 WHERE id = 1')
    expect((await transaction.execute(SUM)).rows).toEqual([[200n]])
    expect(await rows(bank, SUM)).toEqual([[250n]])
    await transaction.commit()
    expect(told()).toContain('own after commit')
  })

  it('goes on writing where nobody has written, and meets a conflict where somebody has', async () => {
    const { bank, path } = await replicatedBank()
    const first = await bank.transaction({ mode: 'deferred' })
    await first.execute(SUM)
    await first.execute('UPDATE account SET balance = 150 WHERE id = 1')
    await first.commit()
    const second = await bank.transaction({ mode: 'deferred' })
    expect((await second.execute(SUM)).rows).toEqual([[250n]])
    stranger(path).exec('UPDATE account SET balance = 1')
    await expect(second.execute('UPDATE account SET balance = 7')).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
    expect(await rows(bank, SUM)).toEqual([[2n]])
  })
})
