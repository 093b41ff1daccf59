import { EventEmitter, once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type LeaseEvent, LocalLeaser } from '@sqlite-efs/lease'
import { describe, expect, it } from 'vitest'
import type { DatabaseEvent } from '../src/index.js'
import { WatchedLeaser } from './support/leasers.js'
import { outsider } from './support/outsider.js'
import { nextTick, openBank, rows } from './support/scratch.js'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** With LONG_SCRIPT_MS=600000 one statement takes ten minutes: a hundred leases of the default length. */
const BY_HAND_MS = Number(process.env['LONG_SCRIPT_MS'] ?? 0)
const TTL_MS = BY_HAND_MS ? 6_000 : 400
const LONG_MS = BY_HAND_MS || 5 * TTL_MS

const busyWith = (count: number) =>
  `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) INSERT INTO account SELECT 3, max(i) FROM n`

/** One statement that keeps SQLite busy for several leases, however fast the machine is. */
async function longStatement(): Promise<string> {
  const bank = await openBank()
  let fastestMs = Number.POSITIVE_INFINITY
  // A machine that has much else to do just now may have less to do later.
  for (let tries = 0; tries < 5; tries++) {
    await bank.execute('DELETE FROM account WHERE id = 3', [])
    const startedMs = performance.now()
    await bank.script(busyWith(300_000))
    fastestMs = Math.min(fastestMs, performance.now() - startedMs)
  }
  return busyWith(Math.ceil((300_000 * LONG_MS) / fastestMs))
}

const SHORT = { ttlMs: TTL_MS, maxClockSkewMs: TTL_MS / 8, timeoutMs: 60_000 + 4 * LONG_MS }

/** A bank whose lease is short, and what happens to both. */
async function watchedBank() {
  const log: string[] = []
  const heard = new EventEmitter()
  const onEvent = ({ type }: LeaseEvent | DatabaseEvent) => {
    log.push(type)
    heard.emit(type)
  }
  const bank = await openBank({ leaser: new LocalLeaser({ ...SHORT, onEvent }), onEvent })
  log.length = 0
  return { bank, log, heard }
}

describe('one statement of a script that takes longer than the lease', { timeout: 60_000 + 5 * LONG_MS }, () => {
  it('is committed under the lease that it began with, and who waits in line is served after it', async () => {
    const sql = await longStatement()
    const { bank, log, heard } = await watchedBank()
    const script = bank.script(sql)
    await once(heard, 'renewed')
    const successor = await new LocalLeaser(SHORT).acquire(`database#${bank.path}`)
    log.push('successor')
    await script
    await successor.release()
    expect(log.filter((type) => type !== 'renewed')).toEqual(['commit', 'released', 'successor'])
    expect(log.indexOf('commit')).toBeGreaterThan(4)
  })

  it('keeps neither the event loop waiting, nor a read of the process, nor the garbage collector', async () => {
    const { bank, heard } = await watchedBank()
    await bank.execute('CREATE TABLE t (a)', [])
    await bank.execute('UPDATE account SET balance = balance', [])
    const sql = await longStatement()
    let isOver = false
    const script = bank.script(sql).finally(() => {
      isOver = true
    })
    await once(heard, 'renewed')
    collectGarbage()
    await nextTick()
    collectGarbage()
    expect(await rows(bank, 'SELECT count(*) FROM account')).toEqual([[2n]])
    expect(isOver).toBe(false)
    await script
    expect(await rows(bank, 'SELECT count(*) FROM account')).toEqual([[3n]])
  })

  it('is not committed where the lease was lost meanwhile', async () => {
    const leaser = new WatchedLeaser(new LocalLeaser())
    const bank = await openBank({ leaser })
    const sql = await longStatement()
    leaser.onLease = (lease) => void setTimeout(() => void lease.release(), 50)
    await expect(bank.script(`${sql}; DELETE FROM account`)).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
    leaser.onLease = () => {}
    expect(await rows(bank, 'SELECT sum(balance) FROM account')).toEqual([[200n]])
    await bank.execute('UPDATE account SET balance = 0', [])
    expect(await rows(bank, 'SELECT sum(balance) FROM account')).toEqual([[0n]])
  })

  it('and meets a malformed page after the lease was lost, is a conflict: it may have gone on without its locks', async () => {
    const leaser = new WatchedLeaser(new LocalLeaser())
    const bank = await openBank({ leaser })
    await bank.script('CREATE TABLE other (id, balance); INSERT INTO other VALUES (4, 4)')
    const page = "(SELECT rootpage FROM sqlite_schema WHERE name = 'other')"
    outsider(bank.path).exec(`UPDATE sqlite_dbpage SET data = zeroblob(length(data)) WHERE pgno = ${page}`)
    const sql = `${await longStatement()} UNION ALL SELECT id, balance FROM other`
    await expect(bank.script(sql)).rejects.toMatchObject({ code: 'SQLITE', details: { extendedCode: 11 } })
    leaser.onLease = (lease) => void setTimeout(() => void lease.release(), 50)
    await expect(bank.script(sql)).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
    leaser.onLease = () => {}
    await bank.execute('UPDATE account SET balance = 0', [])
    expect(await rows(bank, 'SELECT sum(balance) FROM account')).toEqual([[0n]])
  })
})
