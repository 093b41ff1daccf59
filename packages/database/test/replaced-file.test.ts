import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname } from 'node:path'
import { LocalLeaser } from '@sqlite-efs/lease'
import { describe, expect, it } from 'vitest'
import { journalState } from '../src/file/journal.js'
import { CLOCK_FOR_TESTS } from '../src/file/options.js'
import type { Database } from '../src/index.js'
import { check, recover } from '../src/maintenance.js'
import { ManualClock } from './support/manual-clock.js'
import { nextTick, open, openBank, rows, scratchPath } from './support/scratch.js'

const TOTAL = 'SELECT sum(balance) FROM account'

/** A bank whose clock passes when told, after a read and a write. */
async function bankInUse() {
  const path = scratchPath()
  const clock = new ManualClock()
  const bank = await openBank({ leaser: new LocalLeaser({ clock }), [CLOCK_FOR_TESTS]: clock } as object, path)
  await bank.execute('UPDATE account SET balance = balance + ?', [0n])
  expect(await rows(bank, TOTAL)).toEqual([[200n]])
  await nextTick()
  return { path, bank, clock }
}

/** Another process moves a database with a total of 1000 over the one at `path`. */
async function replace(path: string): Promise<void> {
  const elsewhere = scratchPath()
  const other = await openBank({}, elsewhere)
  await other.execute('UPDATE account SET balance = 500')
  await other.close()
  execFileSync('mv', ['-f', elsewhere, path])
}

/** Another process deletes the database. */
const remove = (path: string) => execFileSync('rm', [path])

/** What a fresh look at the file finds. */
async function totalAt(path: string): Promise<unknown> {
  const fresh = open(path)
  expect(await check(fresh)).toEqual([])
  const [[total] = []] = await rows(fresh, TOTAL)
  await fresh.close()
  return total
}

describe('a database that was replaced under open connections', () => {
  it('is what reads show a second later', async () => {
    const { path, bank, clock } = await bankInUse()
    await replace(path)
    clock.advance(1_000)
    expect(await rows(bank, TOTAL)).toEqual([[1000n]])
  })

  it('is what a deferred transaction reads that begins then, even if one before it did not', async () => {
    const { path, bank } = await bankInUse()
    const before = await bank.transaction({ mode: 'deferred' })
    await replace(path)
    expect(await rows(before, TOTAL)).toEqual([[200n]])
    await before.commit()
    const after = await bank.transaction({ mode: 'deferred' })
    expect(await rows(after, TOTAL)).toEqual([[1000n]])
    await after.commit()
  })

  it.each<[string, (bank: Database) => Promise<unknown>]>([
    ['a write', (bank) => bank.execute('UPDATE account SET balance = balance + ?', [1n])],
    [
      'writes that share a commit',
      (bank) =>
        Promise.all(
          [1, 2].map((id) => bank.execute('UPDATE account SET balance = balance + 1 WHERE id = ?', [BigInt(id)])),
        ),
    ],
    ['a script', (bank) => bank.script('UPDATE account SET balance = balance + 1')],
    [
      'a transaction',
      async (bank) => {
        const transaction = await bank.transaction()
        expect(await rows(transaction, TOTAL)).toEqual([[1000n]])
        await transaction.execute('UPDATE account SET balance = balance + 1')
        await transaction.commit()
      },
    ],
  ])('is where %s goes, at once', async (_, write) => {
    const { path, bank } = await bankInUse()
    await replace(path)
    await write(bank)
    await bank.close()
    expect(await totalAt(path)).toBe(1002n)
  })

  it('is what reads show at once, where this process has written to it', async () => {
    const { path, bank } = await bankInUse()
    await replace(path)
    expect(await rows(bank, TOTAL)).toEqual([[200n]])
    await bank.execute('UPDATE account SET balance = balance + ?', [1n])
    expect(await rows(bank, TOTAL)).toEqual([[1002n]])
  })

  it.each([
    ['before its first write', false],
    ['after its last write', true],
  ])(
    'ends a transaction that was replaced %s with a conflict, and nothing of it is in the new one',
    async (_, after) => {
      const { path, bank } = await bankInUse()
      const transaction = await bank.transaction()
      const write = () => transaction.execute('UPDATE account SET balance = balance + 1')
      if (after) await write()
      await replace(path)
      const failed = after ? transaction.commit() : write()
      await expect(failed).rejects.toMatchObject({
        code: 'WRITE_CONFLICT',
        message: expect.stringContaining('replaced or deleted') as string,
      })
      await transaction.rollback()
      expect(journalState(path)).toBe('cold')
      await bank.execute('UPDATE account SET balance = balance + ?', [5n])
      await bank.close()
      expect(await totalAt(path)).toBe(1010n)
    },
  )

  it('is a conflict for a deferred transaction that has read the old one', async () => {
    const { path, bank } = await bankInUse()
    const transaction = await bank.transaction({ mode: 'deferred' })
    expect(await rows(transaction, TOTAL)).toEqual([[200n]])
    await replace(path)
    await expect(transaction.execute('UPDATE account SET balance = 0')).rejects.toMatchObject({
      code: 'WRITE_CONFLICT',
    })
    await bank.close()
    expect(await totalAt(path)).toBe(1000n)
  })
})

describe('a database that was deleted under open connections', () => {
  it('is missed by reads a second later', async () => {
    const { path, bank, clock } = await bankInUse()
    remove(path)
    clock.advance(1_000)
    await expect(rows(bank, TOTAL)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(existsSync(path)).toBe(false)
  })

  it.each<[string, (bank: Database) => Promise<unknown>]>([
    ['a write', (bank) => bank.execute('UPDATE account SET balance = balance + ?', [0n])],
    [
      'writes that share a commit',
      (bank) => Promise.all([1n, 2n].map((more) => bank.execute('UPDATE account SET balance = balance + ?', [more]))),
    ],
    ['a transaction', (bank) => bank.transaction()],
    ['a deferred transaction', (bank) => bank.transaction({ mode: 'deferred' })],
    ['a recovery', (bank) => recover(bank)],
  ])('is not made anew by %s', async (_, attempt) => {
    const { path, bank } = await bankInUse()
    remove(path)
    await expect(attempt(bank)).rejects.toMatchObject({ code: 'NOT_FOUND', details: { path } })
    await bank.close()
    expect(readdirSync(dirname(path))).toEqual(['app.db-journal'])
  })

  it('is not made anew by the commit of a transaction, which fails', async () => {
    const { path, bank } = await bankInUse()
    const transaction = await bank.transaction()
    await transaction.execute('UPDATE account SET balance = 0')
    remove(path)
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
    expect(existsSync(path)).toBe(false)
  })

  it('is made anew by a migration, and everything goes on in it', async () => {
    const { path, bank, clock } = await bankInUse()
    remove(path)
    await bank.script('CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL)')
    await bank.execute('INSERT INTO account VALUES (1, ?)', [7n])
    clock.advance(1_000)
    expect(await rows(bank, TOTAL)).toEqual([[7n]])
    await bank.close()
    expect(await totalAt(path)).toBe(7n)
  })
})

describe('a stale file handle, as NFS has it when another host deletes what is being opened', () => {
  const stale = () =>
    Object.assign(new Error('Unknown system error -116: Unknown system error -116, open'), {
      errno: -constants.errno.ESTALE,
      code: 'Unknown system error -116',
      syscall: 'open',
    })

  it('is asked for once more', () => {
    let looks = 0
    const state = journalState('/app.db', () => {
      if (++looks === 1) throw stale()
      return 'cold'
    })
    expect([state, looks]).toEqual(['cold', 2])
  })

  it('that stays is an I/O error of this package, and the connection is one to be thrown away', () => {
    const look = () => {
      throw stale()
    }
    expect(() => journalState('/app.db', look)).toThrow(
      expect.objectContaining({
        code: 'SQLITE',
        details: expect.objectContaining({ extendedCode: 10, path: '/app.db' }) as object,
      }),
    )
  })
})
