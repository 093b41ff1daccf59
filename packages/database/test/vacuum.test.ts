import { EventEmitter, once } from 'node:events'
import { statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { LocalLeaser } from '@sqlite-efs/lease'
import { describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../src/contents/copy/space.js'
import { journalState } from '../src/file/journal.js'
import { check, vacuum } from '../src/maintenance.js'
import { FILLER, openBigBank } from './support/big-bank.js'
import { WatchedLeaser } from './support/leasers.js'
import { outsider } from './support/outsider.js'
import { nextTick, open, openBank, rows, scratchPath } from './support/scratch.js'

const SUM = 'SELECT sum(balance) FROM account'

describe('a vacuum', () => {
  it('gives back what is unused, under one lease, and keeps content and journal', async () => {
    const leaser = new WatchedLeaser()
    const bank = await openBigBank({ leaser, release: 'before-answer' })
    await bank.execute('DELETE FROM filler WHERE rowid % 10 <> 0', [])
    leaser.log.length = 0
    const before = statSync(bank.path).size
    const result = await vacuum(bank)
    expect(result).toEqual({ bytesBefore: before, bytesAfter: statSync(bank.path).size })
    expect(result.bytesAfter).toBeLessThan(before / 5)
    expect(await rows(bank, FILLER)).toEqual([[1_000n, 1_000_000n]])
    expect(await check(bank)).toEqual([])
    expect(journalState(bank.path)).toBe('cold')
    await bank.close()
    expect(leaser.log).toEqual(['acquire', 'release'])
  })

  it('does not keep the event loop waiting, nor reads for longer than it writes, and tells how far it is', async () => {
    const bank = await openBigBank()
    const heard = new EventEmitter()
    let isOver = false
    const vacuumed = vacuum(bank, {
      onProgress: ({ donePages }) => {
        isOver = donePages > 0
        heard.emit('progress')
      },
    })
    await once(heard, 'progress')
    await nextTick()
    expect(isOver).toBe(false)
    expect(await rows(bank, SUM)).toEqual([[200n]])
    await vacuumed
    expect(isOver).toBe(true)
  })

  it('stores its ticket first, so that whoever had the lease before, and is late, writes nothing', async () => {
    const path = scratchPath()
    await (await openBank({}, path)).close()
    const leaser = new LocalLeaser()
    await leaser.raise(`database#${path}`, 40)
    const bank = open(path, { leaser })
    await vacuum(bank)
    const fence = outsider(path).prepare('PRAGMA user_version').raw().all([])
    expect(fence).toEqual([[41]])
  })

  it('shortens the file of a database that is fenced by nobody, too', async () => {
    const bank = await openBank({ fencing: 'off' })
    await bank.script('CREATE TABLE gone AS SELECT zeroblob(100000); DROP TABLE gone')
    const { bytesBefore, bytesAfter } = await vacuum(bank)
    expect(bytesAfter).toBeLessThan(bytesBefore)
  })

  it('is BUSY where somebody reads for too long, and changes nothing', async () => {
    const bank = await openBank({ timeoutMs: 100 })
    const reading = outsider(bank.path)
    reading.exec('BEGIN; SELECT 1 FROM account')
    await expect(vacuum(bank)).rejects.toMatchObject({ code: 'BUSY' })
    reading.exec('COMMIT')
    const transaction = await bank.transaction({ mode: 'deferred' })
    await rows(transaction, SUM)
    await expect(vacuum(bank)).rejects.toMatchObject({ code: 'BUSY' })
    await transaction.rollback()
    await vacuum(bank)
    expect(await check(bank)).toEqual([])
  })

  it('of a database that is not there is NOT_FOUND', async () => {
    await expect(vacuum(open(scratchPath()))).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('asks for room where SQLite puts its temporary files', () => {
    const before = process.env['SQLITE_TMPDIR']
    onTestFinished(() => {
      if (before === undefined) delete process.env['SQLITE_TMPDIR']
      else process.env['SQLITE_TMPDIR'] = before
    })
    process.env['SQLITE_TMPDIR'] = tmpdir()
    expect(temporaryFolder()).toBe(tmpdir())
    process.env['SQLITE_TMPDIR'] = '/nowhere/at/all'
    expect(temporaryFolder()).not.toBe('/nowhere/at/all')
  })
})
