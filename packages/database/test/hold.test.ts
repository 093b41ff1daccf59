import { execFileSync } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { type LeaseEvent, LocalLeaser } from '@sqlite-efs/lease'
import Libsql from 'libsql'
import { describe, expect, it } from 'vitest'
import { journalPathOf, journalState } from '../src/file/journal.js'
import type { DatabaseEvent } from '../src/index.js'
import { hold } from '../src/maintenance.js'
import { ManualClock } from './support/manual-clock.js'
import { isLocked, outsider } from './support/outsider.js'
import { runChild } from './support/run-child.js'
import { open, openBank, rows, scratchPath } from './support/scratch.js'

const SUM = 'SELECT sum(balance) FROM account'

/** What another program does that knows nothing of the lease, in SQLite's default mode: it takes the journal away. */
function strangerWrites(path: string, sql: string): void {
  const libsql = new Libsql(path)
  libsql.exec(`PRAGMA journal_mode=DELETE; ${sql}`)
  libsql.close()
}

describe('while the lease is held for another program', () => {
  it('the file is free, its ticket is in it, and what the program writes is there', async () => {
    const bank = await openBank()
    await rows(bank, SUM)
    const other = outsider(bank.path)
    const token = await hold(bank, async ({ token }) => {
      expect(isLocked(other)).toBe(false)
      expect(other.prepare('PRAGMA user_version').raw().all([])).toEqual([[token]])
      other.exec('UPDATE account SET balance = 7')
      expect(await rows(bank, SUM)).toEqual([[14n]])
      return token
    })
    expect(token).toBeGreaterThan(0)
    expect(await rows(bank, SUM)).toEqual([[14n]])
  })

  it('others wait in line, and this process in its queue', async () => {
    const bank = await openBank()
    const leaser = new LocalLeaser()
    const log: string[] = []
    const held = hold(bank, async () => {
      void bank.execute('UPDATE account SET balance = balance + ?', [1n]).then(() => log.push('written'))
      await expect(leaser.acquire(`database#${bank.path}`, { timeoutMs: 50 })).rejects.toMatchObject({
        code: 'LEASE_TIMEOUT',
      })
      log.push('held')
    })
    await held
    await bank.execute('UPDATE account SET balance = balance', [])
    expect(log).toEqual(['held', 'written'])
  })

  it('the lease is renewed, for longer than it lasts', async () => {
    const heard = new EventEmitter()
    const onEvent = ({ type }: LeaseEvent) => heard.emit(type)
    const bank = await openBank({ leaser: new LocalLeaser({ ttlMs: 200, maxClockSkewMs: 50, onEvent }) })
    await hold(bank, async ({ signal }) => {
      // Each is for a whole lease, when half of the one before is over.
      for (let times = 0; times < 4; times++) await once(heard, 'renewed')
      expect(signal.aborted).toBe(false)
    })
  })

  it('and is lost, the signal says so, and so does the error', async () => {
    const clock = new ManualClock()
    const bank = await openBank({ leaser: new LocalLeaser({ clock }) })
    const held = hold(bank, async ({ signal, token }) => {
      const aborted = once(signal, 'abort')
      await new LocalLeaser().sweep(`database#${bank.path}`, token, { force: true })
      clock.advance(60_000)
      await aborted
      expect(signal.reason).toMatchObject({ code: 'LEASE_LOST' })
    })
    await expect(held).rejects.toMatchObject({ name: 'LeaseError', code: 'LEASE_LOST' })
    await bank.execute('UPDATE account SET balance = balance', [])
  })
})

describe.each(['user_version', 'off'] as const)('with fencing: %j', (fencing) => {
  it('a lease that was taken over by force while the body ran is told as lost', async () => {
    const bank = await openBank({ fencing })
    const leaser = new LocalLeaser()
    const key = `database#${bank.path}`
    const held = hold(bank, async ({ token }) => {
      await leaser.sweep(key, token, { force: true })
      await (await leaser.acquire(key)).release()
    })
    await expect(held).rejects.toMatchObject({ name: 'LeaseError', code: 'LEASE_LOST' })
  })
})

describe('after the lease was held for another program', () => {
  it('the journal that it took away is back, and everybody hears of it', async () => {
    const events: DatabaseEvent[] = []
    const bank = await openBank({ onEvent: (event) => events.push(event) })
    await hold(bank, async () => {
      strangerWrites(bank.path, 'UPDATE account SET balance = 7')
      expect(existsSync(journalPathOf(bank.path))).toBe(false)
    })
    expect(journalState(bank.path)).toBe('cold')
    expect(events.filter(({ type }) => type === 'journal-restored')).toHaveLength(1)
    expect(await rows(bank, SUM)).toEqual([[14n]])
  })

  it('the journal is back also where it failed, and its own error is told', async () => {
    const bank = await openBank()
    const failure = new Error('the program failed')
    const held = hold(bank, async () => {
      strangerWrites(bank.path, 'UPDATE account SET balance = 7')
      throw failure
    })
    await expect(held).rejects.toBe(failure)
    expect(journalState(bank.path)).toBe('cold')
    await bank.execute('UPDATE account SET balance = balance', [])
  })

  it('what it left half done is rolled back', async () => {
    const bank = await openBank()
    await hold(bank, () => runChild('die-in-commit.ts', [bank.path]))
    expect(journalState(bank.path)).toBe('cold')
    expect(await rows(bank, SUM)).toEqual([[200n]])
  })

  it('the ticket is in the file again, where it put another file there', async () => {
    const bank = await openBank()
    const elsewhere = scratchPath()
    await (await openBank({}, elsewhere)).close()
    strangerWrites(elsewhere, 'PRAGMA user_version=0')
    const token = await hold(bank, async ({ token }) => {
      execFileSync('mv', ['-f', elsewhere, bank.path])
      return token
    })
    expect(outsider(bank.path).prepare('PRAGMA user_version').raw().all([])).toEqual([[token]])
  })

  it('a newer ticket in the file is told as a lost lease', async () => {
    const bank = await openBank()
    const held = hold(bank, async ({ token }) => strangerWrites(bank.path, `PRAGMA user_version=${token + 5}`))
    await expect(held).rejects.toMatchObject({
      name: 'LeaseError',
      code: 'LEASE_LOST',
      message: expect.stringContaining('others may have written') as string,
    })
    await bank.execute('UPDATE account SET balance = balance', [])
  })

  it('a file in WAL mode is refused, and a file that is gone is missed', async () => {
    const bank = await openBank()
    await expect(hold(bank, async () => strangerWrites(bank.path, 'PRAGMA journal_mode=WAL'))).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('WAL') as string,
    })
    strangerWrites(bank.path, '')
    await expect(hold(bank, async () => rmSync(bank.path))).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('and nothing is held for a database that is not there', async () => {
    let wasRun = false
    const held = hold(open(scratchPath()), async () => {
      wasRun = true
    })
    await expect(held).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(wasRun).toBe(false)
  })
})
