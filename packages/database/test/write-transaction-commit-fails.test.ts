import { renameSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { outsider } from './support/outsider.js'
import { scratchPath } from './support/scratch.js'
import { insert, sqliteError, withOneRow } from './support/writer.js'

const BUSY = 5
const IOERR = 10
const FULL = 13

describe('a COMMIT that meets', () => {
  it('a locked file to the end fails with BUSY: nothing is written, and the connection stays', async () => {
    const { commit, other, entries, isLocked, begin, opened, events } = await withOneRow()
    other.exec('BEGIN; SELECT n FROM entry')
    await expect(commit()).rejects.toMatchObject({ code: 'BUSY', details: { extendedCode: BUSY } })
    other.exec('COMMIT')
    expect(isLocked()).toBe(false)
    expect(entries()).toEqual([])
    // Nothing was in the way of the lease, and the file is the same.
    expect(events).toEqual([])
    const next = await begin()
    insert(next, 2)
    await next.commit()
    expect(entries()).toEqual([2])
    expect(opened).toHaveLength(1)
  })

  it('another file at its path writes nothing, and reports that as a conflict', async () => {
    const { commit, path, lease, events, opened, begin } = await withOneRow()
    const elsewhere = scratchPath()
    outsider(elsewhere).exec('CREATE TABLE entry (n INTEGER PRIMARY KEY)')
    renameSync(elsewhere, path)
    await expect(commit()).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
    expect(events).toEqual([{ type: 'conflict', path, token: lease.token, code: 'FILE_REPLACED' }])
    await begin()
    expect(opened).toHaveLength(2)
  })

  it('a full disk, in an open transaction, is undone: the error is the disk’s, and the connection stays', async () => {
    const { commit, onNext, entries, isLocked, opened, connection } = await withOneRow()
    onNext('COMMIT', () => {
      throw sqliteError(FULL)
    })
    await expect(commit()).rejects.toMatchObject({ code: 'SQLITE', details: { extendedCode: FULL } })
    expect(entries()).toEqual([])
    expect(isLocked()).toBe(false)
    expect([opened.length, connection.isOpen]).toEqual([1, true])
  })

  it.each([
    ['is undone, where the file is as it was', 'ROLLBACK', 'SQLITE', []],
    ['is not known to be undone, where the file has changed', 'COMMIT', 'COMMIT_UNKNOWN', [1]],
  ] as const)('a full disk at which SQLite ended the transaction %s', async (_, end, code, left) => {
    const { commit, onNext, entries, isLocked, begin } = await withOneRow()
    onNext('COMMIT', (watched) => {
      watched.exec(end)
      throw sqliteError(FULL)
    })
    await expect(commit()).rejects.toMatchObject({ code, details: { extendedCode: FULL } })
    expect(entries()).toEqual(left)
    expect(isLocked()).toBe(false)
    const next = await begin()
    insert(next, 2)
    await next.commit()
    expect(entries()).toEqual([...left, 2])
  })

  it('a full disk, and the file can not be asked what became of it, is not known to be undone', async () => {
    const { commit, onNext, faults, isLocked, connection } = await withOneRow()
    onNext('COMMIT', (watched) => {
      watched.exec('ROLLBACK')
      faults.before = (sql) => {
        if (sql === 'BEGIN IMMEDIATE') throw sqliteError(IOERR)
      }
      throw sqliteError(FULL)
    })
    await expect(commit()).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN' })
    expect(connection.isOpen).toBe(false)
    expect(isLocked()).toBe(false)
  })

  it.each([
    ['an I/O error', sqliteError(IOERR)],
    ['a bug', new TypeError('a bug')],
  ])('%s is not known to be undone, whatever the file says, and its connection is thrown away', async (_, error) => {
    const { commit, onNext, isLocked, opened, connection } = await withOneRow()
    onNext('COMMIT', () => {
      throw error
    })
    await expect(commit()).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN' })
    expect([opened.length, connection.isOpen]).toEqual([1, false])
    expect(isLocked()).toBe(false)
  })
})
