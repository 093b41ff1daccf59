import { linkSync, statSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Connection } from '../src/engine/connection.js'
import { journalState } from '../src/file/journal.js'
import type { DatabaseEvent } from '../src/index.js'
import { check, recover } from '../src/maintenance.js'
import { WatchedLeaser } from './support/leasers.js'
import { outsider } from './support/outsider.js'
import { runChild } from './support/run-child.js'
import { open, openBank, rows, scratchPath } from './support/scratch.js'

/**
 * Watches the journal from a thread of its own, as fast as it can, and tells whether it was ever away, empty, or another
 * file.
 */
function watchJournal(path: string): {
  faults(): Promise<{ looks: number; away: number; empty: number; files: number }>
} {
  const stop = new Int32Array(new SharedArrayBuffer(8))
  const worker = new Worker(
    `const { workerData: { journal, stop }, parentPort } = require('node:worker_threads')
     const { statSync } = require('node:fs')
     let looks = 0, away = 0, empty = 0
     const inodes = new Set()
     while (Atomics.load(stop, 0) === 0) {
       const stats = statSync(journal, { throwIfNoEntry: false })
       looks++
       if (!stats) away++
       else { if (stats.size === 0) empty++; inodes.add(stats.ino) }
       Atomics.store(stop, 1, looks)
     }
     parentPort.postMessage({ looks, away, empty, files: inodes.size })`,
    { eval: true, workerData: { journal: `${path}-journal`, stop } },
  )
  onTestFinished(async () => void (await worker.terminate()))
  while (Atomics.load(stop, 1) === 0) Atomics.wait(stop, 1, 0, 10)
  return {
    faults: () =>
      new Promise((resolve) => {
        worker.once('message', resolve)
        Atomics.store(stop, 0, 1)
      }),
  }
}

const nothingWrong = { looks: expect.any(Number) as number, away: 0, empty: 0, files: 1 }

describe('the journal', () => {
  it('exists and is not empty before, during and after every operation', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    const watch = watchJournal(path)
    for (let i = 0; i < 20; i++) {
      await bank.execute('UPDATE account SET balance = balance + 1')
      await rows(bank, 'SELECT * FROM account')
    }
    await Promise.all(Array.from({ length: 20 }, () => bank.execute('UPDATE account SET balance = balance + 1')))
    await expect(bank.execute('INSERT INTO account VALUES (1, 1)')).rejects.toThrow('UNIQUE')
    await expect(bank.execute('INSERT OR ROLLBACK INTO account VALUES (1, 1)')).rejects.toThrow('UNIQUE')
    for (const mode of ['immediate', 'deferred'] as const) {
      const kept = await bank.transaction({ mode })
      await kept.execute('SELECT * FROM account')
      await kept.execute('UPDATE account SET balance = 1')
      await kept.commit()
      const dropped = await bank.transaction({ mode })
      await dropped.execute('UPDATE account SET balance = 2')
      await dropped.rollback()
    }
    await bank.script('CREATE TABLE x (a); INSERT INTO x VALUES (1); DROP TABLE x')
    await recover(bank)
    await check(bank)
    await bank.close()
    const again = open(path)
    await again.execute('UPDATE account SET balance = 3')
    await again.close()
    expect(await watch.faults()).toEqual(nothingWrong)
  })

  it('exists and is not empty while a fresh connection recovers what a killed writer left', async () => {
    const path = scratchPath()
    await (await openBank({}, path)).close()
    expect(await runChild('die-in-commit.ts', [path])).toMatchObject({ signal: 'SIGKILL' })
    expect(journalState(path)).toBe('hot-or-live')
    const watch = watchJournal(path)
    const bank = open(path)
    expect(await rows(bank, 'SELECT sum(balance) FROM account')).toEqual([[200n]])
    expect(journalState(path)).toBe('cold')
    expect(await watch.faults()).toEqual(nothingWrong)
  })

  it('is there before a new database is, so that nobody finds one without the other', async () => {
    const path = scratchPath()
    const bank = open(path)
    await bank.script('CREATE TABLE x (a)')
    expect(statSync(`${path}-journal`).size).toBeGreaterThan(0)
    // Older than the first page of the database's own.
    expect(statSync(`${path}-journal`).birthtimeMs).toBeLessThanOrEqual(statSync(path).ctimeMs)
  })

  it('is put in place beside a database that was made elsewhere, by whoever opens it first', async () => {
    const path = scratchPath()
    const libsql = outsider(path)
    libsql.exec('PRAGMA journal_mode=DELETE; CREATE TABLE x (a)')
    expect(journalState(path)).toBe('missing')
    await rows(open(path), 'SELECT * FROM x')
    expect(journalState(path)).toBe('cold')
  })

  it('that a stranger in DELETE mode took away is back before the next write depends on it', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    unlinkSync(`${path}-journal`)
    const transaction = await bank.transaction()
    expect(journalState(path)).toBe('cold')
    await transaction.rollback()
  })

  it.each(['read', 'write'])('that a stranger in TRUNCATE mode emptied is filled by the first %s', async (how) => {
    const path = scratchPath()
    await (await openBank({}, path)).close()
    truncateSync(`${path}-journal`)
    await open(path).execute(how === 'read' ? 'SELECT * FROM account' : 'UPDATE account SET balance = 1')
    expect(journalState(path)).toBe('cold')
  })

  it('that was taken away is put back before the first write of a transaction, however much it has read before', async () => {
    const path = scratchPath()
    const restored: DatabaseEvent[] = []
    const onEvent = (event: DatabaseEvent) => {
      if (event.type === 'journal-restored') restored.push(event)
    }
    const bank = await openBank({ onEvent }, path)
    for (const write of ['UPDATE account SET balance = 2', 'CREATE TABLE note (text)']) {
      // By a connection that is open: whoever opens one looks at the journal.
      await bank.execute('UPDATE account SET balance = 1')
      unlinkSync(`${path}-journal`)
      restored.length = 0
      const transaction = await bank.transaction()
      await transaction.execute('SELECT * FROM account')
      await transaction.savepoint('here')
      expect([journalState(path), restored.length]).toEqual(['missing', 0])
      await transaction.execute(write)
      expect(restored.length).toBe(1)
      await transaction.commit()
      expect(journalState(path)).toBe('cold')
    }
  })

  it('of somebody else is never replaced', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    await bank.close()
    linkSync(`${path}-journal`, `${path}-witness`)
    await open(path).execute('UPDATE account SET balance = 1')
    expect(statSync(`${path}-journal`).ino).toBe(statSync(`${path}-witness`).ino)
  })

  it('is put in place beside an empty file too, and the database is made in it', async () => {
    const path = scratchPath()
    writeFileSync(path, '')
    const bank = open(path)
    await expect(rows(bank, 'SELECT * FROM x')).rejects.toMatchObject({ code: 'SQLITE' })
    await bank.script('CREATE TABLE x (a)')
    expect(journalState(path)).toBe('cold')
    expect(await check(bank)).toEqual([])
  })
})

describe('a hot journal', () => {
  it('that a killed writer left: a reader sees the last committed state, never what was half written', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    expect(await rows(bank, 'SELECT sum(balance) FROM account')).toEqual([[200n]])
    expect(await runChild('die-in-commit.ts', [path])).toMatchObject({ signal: 'SIGKILL' })
    expect(await rows(bank, 'SELECT sum(balance), (SELECT count(*) FROM sqlite_schema) FROM account')).toEqual([
      [200n, 1n],
    ])
    expect(await check(bank)).toEqual([])
  })

  it('is never rolled back by a reader itself, but under the lease', async () => {
    const path = scratchPath()
    await (await openBank({}, path)).close()
    await runChild('die-in-commit.ts', [path])
    const leaser = new WatchedLeaser()
    await rows(open(path, { leaser }), 'SELECT * FROM account')
    expect(leaser.log[0]).toBe('acquire')
  })

  it('is rolled back once by recover(), which tells whether there was one', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    await runChild('die-in-commit.ts', [path])
    expect(await recover(bank)).toBe(true)
    expect(await recover(bank)).toBe(false)
  })

  it('is rolled back in one turn for all who meet it', async () => {
    const path = scratchPath()
    await (await openBank({}, path)).close()
    await runChild('die-in-commit.ts', [path])
    const bank = open(path)
    const exec = vi.spyOn(Connection.prototype, 'exec')
    onTestFinished(() => exec.mockRestore())
    const reads = Array.from({ length: 50 }, () => rows(bank, 'SELECT sum(balance) FROM account'))
    const transactions = await Promise.all(Array.from({ length: 50 }, () => bank.transaction({ mode: 'deferred' })))
    for (const transaction of transactions) await transaction.commit()
    expect(await Promise.all(reads)).toEqual(reads.map(() => [[200n]]))
    expect(exec.mock.calls.filter(([sql]) => sql === 'BEGIN IMMEDIATE')).toHaveLength(1)
  })

  it.each(['immediate', 'deferred'] as const)('is rolled back before a transaction in mode %s begins', async (mode) => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    await runChild('die-in-commit.ts', [path])
    const transaction = await bank.transaction({ mode })
    expect((await transaction.execute('SELECT sum(balance) FROM account')).rows).toEqual([[200n]])
    await transaction.execute('UPDATE account SET balance = balance + 1')
    await transaction.commit()
    expect(await rows(bank, 'SELECT sum(balance) FROM account')).toEqual([[202n]])
  })
})
