import { LocalLeaser } from '@sqlite-efs/lease'
import { describe, expect, it, vi } from 'vitest'
import { Connection } from '../src/engine/connection.js'
import { recover } from '../src/maintenance.js'
import { WatchedLeaser } from './support/leasers.js'
import { RecordingTracer } from './support/recording-tracer.js'
import { runChild } from './support/run-child.js'
import { openBank, rows, scratchPath } from './support/scratch.js'

/** A bank that is not traced until now, and its lease given back. */
async function tracedBank(path = scratchPath()) {
  const tracer = new RecordingTracer()
  const leaser = new WatchedLeaser(new LocalLeaser())
  const bank = await openBank({ tracer, leaser, release: 'before-answer' }, path)
  return { tracer, leaser, bank, names: () => tracer.spans.map(({ parent, name }) => `${parent} > ${name}`) }
}

it('a COMMIT before which SQLite fails gives its turn back', async () => {
  const { tracer, bank } = await tracedBank()
  const transaction = await bank.transaction()
  await transaction.execute('UPDATE account SET balance = 1')
  const fail = () => {
    throw new Error('disk I/O error')
  }
  vi.spyOn(Connection.prototype, 'totalChanges').mockImplementationOnce(fail)
  await expect(tracer.as('alice', () => transaction.commit())).rejects.toThrow('disk I/O error')
  await bank.execute('UPDATE account SET balance = balance + 1')
  expect(await rows(bank, 'SELECT balance FROM account')).toEqual([[101n], [101n]])
})

describe('spans are made', () => {
  it('for nobody who is not traced', async () => {
    const { tracer, bank } = await tracedBank()
    await bank.execute('UPDATE account SET balance = 1')
    await rows(bank, 'SELECT * FROM account')
    await recover(bank)
    expect(tracer.spans).toEqual([])
  })

  it('under whoever writes: the lease, the write lock, COMMIT, and the lease’s release', async () => {
    const { tracer, leaser, bank, names } = await tracedBank()
    await tracer.as('alice', () => bank.execute('UPDATE account SET balance = 1'))
    expect(names()).toEqual(['alice > lease.acquire', 'alice > begin', 'alice > commit', 'alice > lease.release'])
    const token = leaser.lease!.token
    expect(tracer.spans.map(({ attributes }) => attributes['sqlite_efs.token'])).toEqual(Array(4).fill(token))
    expect(tracer.spans[2]!.attributes).toMatchObject({ 'sqlite_efs.statements': 1, 'sqlite_efs.rows': 2 })
  })

  it('once for writes that share a COMMIT: under the first who is traced, with links to the others', async () => {
    const { tracer, bank, names } = await tracedBank()
    const write = () => bank.execute('UPDATE account SET balance = balance + 1')
    await Promise.all([write(), ...['alice', 'bob', 'carol'].map((name) => tracer.as(name, write))])
    expect(names()).toEqual(['alice > lease.acquire', 'alice > begin', 'alice > commit', 'alice > lease.release'])
    const commit = tracer.spans.find(({ name }) => name === 'commit')
    expect(commit).toMatchObject({ links: ['bob', 'carol'], attributes: { 'sqlite_efs.statements': 4 } })
  })

  it('for a transaction: its start under who starts it, its commit under who commits it, and none where nothing changed', async () => {
    const { tracer, bank, names } = await tracedBank()
    const transaction = await tracer.as('start', () => bank.transaction())
    await transaction.execute('UPDATE account SET balance = 1')
    await tracer.as('end', () => transaction.commit())
    expect(names()).toEqual(['start > lease.acquire', 'start > begin', 'end > commit', 'start > lease.release'])
    tracer.spans.length = 0
    const reading = await tracer.as('start', () => bank.transaction())
    await tracer.as('end', () => reading.commit())
    expect(names()).not.toContain('end > commit')
  })

  it('for each read, and under it for the recovery that it had to ask for', async () => {
    const path = scratchPath()
    const { tracer, bank, names } = await tracedBank(path)
    await tracer.as('alice', () => rows(bank, 'SELECT * FROM account'))
    expect(tracer.spans).toMatchObject([{ name: 'read', parent: 'alice', attributes: { 'sqlite_efs.rows': 2 } }])
    tracer.spans.length = 0
    await runChild('die-in-commit.ts', [path])
    await tracer.as('alice', () => rows(bank, 'SELECT * FROM account'))
    expect(names()).toEqual([
      'recovery > lease.acquire',
      'recovery > begin',
      'recovery > lease.release',
      'read > recovery',
      'alice > read',
    ])
  })

  it('with the code of what failed, and how many stood before', async () => {
    const path = scratchPath()
    const { tracer, leaser, bank } = await tracedBank(path)
    const lease = await leaser.acquire(`database#${path}`)
    await expect(tracer.as('alice', () => bank.transaction({ timeoutMs: 50 }))).rejects.toMatchObject({
      code: 'LEASE_TIMEOUT',
    })
    await expect
      .poll(() => tracer.spans)
      .toMatchObject([
        { name: 'lease.acquire', parent: 'alice', error: 'LEASE_TIMEOUT', attributes: { 'sqlite_efs.position': 1 } },
      ])
    await lease.release()
  })
})
