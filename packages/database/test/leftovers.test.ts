import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { LocalLeaser } from '@sqlite-efs/lease'
import { describe, expect, it } from 'vitest'
import { closeLeftOpen } from '../src/engine/libsql-handles.js'
import { CLOCK_FOR_TESTS } from '../src/file/options.js'
import { check, recover } from '../src/maintenance.js'
import { ManualClock } from './support/manual-clock.js'
import { runChild } from './support/run-child.js'
import { nextTick, open, openBank, rows, scratchPath } from './support/scratch.js'

// Which descriptors a process has is not to be had elsewhere.
const canSee = existsSync('/proc/self/fd')

/** The files that this process has open in the database's folder. */
function openFiles(path: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      const file = readlinkSync(`/proc/self/fd/${descriptor}`)
      return file.startsWith(dirname(path)) ? [file] : []
    } catch {
      // The one that lists them.
      return []
    }
  })
}

/** Whether another process may write the file just now: this one's locks do not exclude itself. */
function othersMayWrite(path: string): boolean {
  const program = `
    const libsql = new (require('libsql'))(${JSON.stringify(path)})
    try { libsql.exec('BEGIN IMMEDIATE'); libsql.exec('ROLLBACK'); console.log('yes') }
    catch (error) { console.log(error.rawCode === 5 ? 'no' : error) }`
  const answer = execFileSync(process.execPath, ['-e', program], { cwd: import.meta.dirname, encoding: 'utf8' }).trim()
  if (!['yes', 'no'].includes(answer)) throw new Error(answer)
  return answer === 'yes'
}

describe.runIf(canSee)('after close', () => {
  it('no file of the database is open any more, whatever was done', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    await Promise.all([1n, 2n, 3n].map((more) => bank.execute('UPDATE account SET balance = balance + ?', [more])))
    expect(await rows(bank, 'SELECT count(*) FROM account')).toEqual([[2n]])
    const transaction = await bank.transaction()
    await transaction.execute('UPDATE account SET balance = 1')
    await transaction.rollback()
    const deferred = await Promise.all([bank, bank].map((it) => it.transaction({ mode: 'deferred' })))
    for (const it of deferred) await it.execute('SELECT * FROM account')
    await deferred[0]?.commit()
    expect(await recover(bank)).toBe(false)
    expect(await check(bank)).toEqual([])
    expect(openFiles(path)).not.toEqual([])
    await bank.close()
    expect(openFiles(path)).toEqual([])
  })

  it('nor does an error that somebody keeps hold one open', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    const kept = await bank.execute('INSERT INTO account VALUES (1, 1)').then(
      () => undefined,
      (error: unknown) => error,
    )
    await bank.close()
    expect(openFiles(path)).toEqual([])
    expect(kept).toMatchObject({ code: 'SQLITE' })
  })

  it('nor one of a database in memory, whose folder is gone', async () => {
    const memory = open(':memory:')
    await memory.script('CREATE TABLE t (a)')
    await memory.execute('INSERT INTO t VALUES (1)')
    expect(await rows(memory, 'SELECT a FROM t')).toEqual([[1n]])
    await memory.close()
    expect(openFiles(memory.path)).toEqual([])
  })

  it('the last user of a file closes it, and one before takes no lock away from the others', async () => {
    const path = scratchPath()
    const one = await openBank({}, path)
    const other = open(path)
    const elsewhere = await openBank()
    const transaction = await other.transaction()
    await transaction.execute('UPDATE account SET balance = 7')
    await one.close()
    // The last user of another file has all files closed that were left open in this process.
    await elsewhere.close()
    expect(openFiles(path)).not.toEqual([])
    expect(othersMayWrite(path)).toBe(false)
    await transaction.commit()
    expect(othersMayWrite(path)).toBe(true)
    await other.close()
    expect(openFiles(path)).toEqual([])
  })
})

describe('a process whose garbage collector is not to be had', () => {
  it('closes its databases all the same', async () => {
    const flags = ['--expose-gc-as=another']
    expect(await runChild('open-and-close.ts', [scratchPath()], flags)).toMatchObject({ code: 0 })
  })
})

describe.runIf(canSee)('a process that is frozen often', () => {
  it('does not pile up descriptors', async () => {
    const clock = new ManualClock()
    const path = scratchPath()
    const bank = await openBank({ leaser: new LocalLeaser({ clock }), [CLOCK_FOR_TESTS]: clock } as object, path)
    let most = 0
    for (let freezes = 0; freezes < 1_000; freezes++) {
      clock.freeze(60_000)
      await rows(bank, 'SELECT sum(balance) FROM account')
      if (freezes % 50 === 0) await bank.execute('UPDATE account SET balance = balance + ?', [0n])
      await nextTick()
      if (freezes % 5 === 0) most = Math.max(most, openFiles(path).length)
    }
    // AWS Lambda allows a process 1,024.
    expect(most).toBeLessThan(200)
    await bank.close()
    expect(openFiles(path)).toEqual([])
  })

  it('keeps the locks of an open transaction when the files of older connections are closed', async () => {
    const clock = new ManualClock()
    const path = scratchPath()
    const bank = await openBank({ leaser: new LocalLeaser({ clock }), [CLOCK_FOR_TESTS]: clock } as object, path)
    await rows(bank, 'SELECT sum(balance) FROM account')
    const transaction = await bank.transaction()
    await transaction.execute('UPDATE account SET balance = 7')
    clock.freeze(2_000)
    expect(await rows(bank, 'SELECT sum(balance) FROM account')).toEqual([[200n]])
    await closeLeftOpen()
    expect(othersMayWrite(path)).toBe(false)
    await transaction.commit()
    expect(othersMayWrite(path)).toBe(true)
  })
})
