import { LocalLeaser } from '@sqlite-efs/lease'
import { describe, expect, it } from 'vitest'
import { Connection } from '../src/engine/connection.js'
import { CLOCK_FOR_TESTS } from '../src/file/options.js'
import type { Database, DatabaseError, Transaction } from '../src/index.js'
import { WatchedLeaser } from './support/leasers.js'
import { ManualClock } from './support/manual-clock.js'
import { openBank, rows, scratchFolder } from './support/scratch.js'
import { startChild } from './support/start-child.js'

const TTL_MS = 400
const SHORT = { ttlMs: TTL_MS, maxClockSkewMs: 40, timeoutMs: 60_000 }
const PATIENT = { timeoutMs: 60_000, transactionTimeoutMs: 60_000 }
const UPDATE = 'UPDATE account SET balance = balance + 1 WHERE id = 1'
const SUM = 'SELECT sum(balance) FROM account'

/** Awaits one short statement after the other, as Prisma does: by microtasks alone. Returns how many there were. */
async function loop(forMs: number, statement: () => Promise<unknown>): Promise<number> {
  const endMs = performance.now() + forMs
  let count = 0
  for (; performance.now() < endMs; count++) await statement()
  return count
}

/** The same until something is so; gives up in the end, for no time limit of a test can fire meanwhile. */
async function loopUntil(isSo: () => boolean, statement: () => Promise<unknown>): Promise<void> {
  const endMs = performance.now() + 20_000
  while (!isSo() && performance.now() < endMs) await statement()
}

/** Uses the thread, and lets nothing else run. */
function compute(ms: number): void {
  const endMs = performance.now() + ms
  while (performance.now() < endMs);
}

/** Another contender for the lease of a bank, which gives it back as soon as it has it. */
function successor(bank: Database, log: string[]): Promise<void> {
  return new LocalLeaser(SHORT).acquire(`database#${bank.path}`).then((lease) => {
    log.push('successor')
    return lease.release()
  })
}

const steps: [string, (transaction: Transaction) => Promise<unknown>][] = [
  ['statements', (transaction) => transaction.execute(UPDATE)],
  ['reads', (transaction) => transaction.execute(SUM)],
  [
    'savepoints',
    async (transaction) => {
      await transaction.savepoint('a')
      await transaction.rollbackTo('a')
      await transaction.releaseSavepoint('a')
    },
  ],
]

describe.each(['immediate', 'deferred'] as const)('a transaction in mode %s', (mode) => {
  it.each(steps)('of many short %s outlives its lease, and who waits in line is served after it', async (_, step) => {
    const log: string[] = []
    const onEvent = ({ type }: { type: string }) => void log.push(type)
    const bank = await openBank({ leaser: new LocalLeaser({ ...SHORT, onEvent }), ...PATIENT })
    log.length = 0
    const transaction = await bank.transaction({ mode })
    await transaction.execute(UPDATE)
    const waiting = successor(bank, log)
    await loop(3 * TTL_MS, () => step(transaction))
    await transaction.commit()
    log.push('committed')
    await waiting
    expect(log.filter((type) => ['lost', 'committed', 'successor'].includes(type))).toEqual(['committed', 'successor'])
    expect(log.filter((type) => type === 'renewed').length).toBeGreaterThan(2)
  })

  it('of many short statements lets the waits of others end in time', async () => {
    const bank = await openBank()
    const transaction = await bank.transaction({ mode })
    await transaction.execute(UPDATE)
    let outcome: unknown
    void bank.transaction({ timeoutMs: 50 }).catch((error: DatabaseError) => {
      outcome = error.code
    })
    await loopUntil(
      () => outcome !== undefined,
      () => transaction.execute(UPDATE),
    )
    expect(outcome).toBe('LEASE_TIMEOUT')
    await transaction.rollback()
  })

  it('is rolled back in the middle of many short statements by whoever has a time limit for it', async () => {
    const bank = await openBank()
    const transaction = await bank.transaction({ mode })
    setTimeout(() => void transaction.rollback(), 50)
    const ended = await loop(20_000, () => transaction.execute(UPDATE)).catch((error: DatabaseError) => error.code)
    expect(ended).toBe('TRANSACTION_CLOSED')
    expect(await rows(bank, SUM)).toEqual([[200n]])
  })

  it('that computes for longer than the lease lasts goes on, where no other process waits', async () => {
    const bank = await openBank({ leaser: new LocalLeaser(SHORT) })
    const transaction = await bank.transaction({ mode })
    await transaction.execute(UPDATE)
    compute(1.5 * TTL_MS)
    await transaction.execute(UPDATE)
    compute(1.5 * TTL_MS)
    await transaction.savepoint('a')
    compute(1.5 * TTL_MS)
    await transaction.commit()
    expect(await rows(bank, SUM)).toEqual([[202n]])
  })

  it('whose statement takes longer than the lease lasts goes on, where no other process waits', async () => {
    const clock = new ManualClock()
    const bank = await openBank({ leaser: new LocalLeaser({ clock }), [CLOCK_FOR_TESTS]: clock } as object)
    const transaction = await bank.transaction({ mode })
    await transaction.execute(UPDATE)
    const { run } = Connection.prototype
    Connection.prototype.run = function (...statement) {
      Connection.prototype.run = run
      clock.advance(60_000, { timers: false })
      return run.apply(this, statement)
    }
    expect(await rows(transaction, SUM)).toEqual([[201n]])
    expect(Connection.prototype.run).toBe(run)
    await transaction.commit()
    expect(await rows(bank, SUM)).toEqual([[201n]])
  })
})

describe('while another process waits for the lease', () => {
  it.each(['immediate', 'deferred'] as const)(
    'a transaction in mode %s that computes for longer than it lasts is a conflict, which says for how long and what to raise',
    async (mode) => {
      const directory = scratchFolder()
      const bank = await openBank({ leaser: new LocalLeaser({ ...SHORT, directory }) })
      const transaction = await bank.transaction({ mode })
      await transaction.execute(UPDATE)
      const other = startChild('wait-for-lease.ts', [directory, `database#${bank.path}`, JSON.stringify(SHORT)])
      expect(await other.nextLine()).toBe('waiting')
      // In the same turn of the event loop as what comes after it, as Prisma computes.
      await transaction.execute(UPDATE)
      compute(3 * TTL_MS)
      const conflict = {
        code: 'WRITE_CONFLICT',
        message: expect.stringMatching(/busy for \d{4} ms without a pause.*raise lease\.ttlMs/) as string,
        details: { option: 'lease.ttlMs' },
      }
      await expect(transaction.execute(UPDATE)).rejects.toMatchObject(conflict)
      await expect(transaction.commit()).rejects.toMatchObject(conflict)
      expect(await rows(bank, SUM)).toEqual([[200n]])
    },
  )
})

describe('a statement that is sent while another one waits for its renewal', () => {
  const renewingBank = async () => {
    const clock = new ManualClock()
    const leaser = new WatchedLeaser(new LocalLeaser({ clock }))
    const bank = await openBank({ leaser, [CLOCK_FOR_TESTS]: clock } as object)
    await bank.execute('CREATE TABLE log (id INTEGER PRIMARY KEY, what)')
    const transaction = await bank.transaction()
    const insert = (what: string) => transaction.execute(`INSERT INTO log (what) VALUES ('${what}')`)
    await insert('first')
    const { renew } = leaser.lease!
    let answer = () => {}
    const asked = new Promise<void>((resolve) => {
      leaser.lease!.renew = () => {
        resolve()
        return new Promise((renewed) => {
          answer = () => renewed(renew())
        })
      }
    })
    clock.advance(3_500, { timers: false })
    return { bank, transaction, insert, asked, answer: () => answer() }
  }

  it('does not overtake it, nor does the commit', async () => {
    const { bank, transaction, insert, asked, answer } = await renewingBank()
    const sent: Promise<unknown>[] = [insert('second'), insert('third'), transaction.savepoint('a'), insert('fourth')]
    await asked
    sent.push(insert('fifth'))
    const committed = transaction.commit()
    await expect(insert('too late')).rejects.toMatchObject({ code: 'TRANSACTION_CLOSED' })
    answer()
    await Promise.all(sent)
    await committed
    const log = (await rows(bank, 'SELECT what FROM log ORDER BY id')).flat()
    expect(log).toEqual(['first', 'second', 'third', 'fourth', 'fifth'])
  })

  it('is not run where the transaction is rolled back meanwhile', async () => {
    const { bank, transaction, insert, asked, answer } = await renewingBank()
    const sent = Promise.allSettled([insert('second'), insert('third')])
    await asked
    await transaction.rollback()
    answer()
    expect(await sent).toMatchObject([1, 2].map(() => ({ reason: { code: 'TRANSACTION_CLOSED' } })))
    expect(await rows(bank, 'SELECT count(*) FROM log')).toEqual([[0n]])
  })
})

describe('outside of transactions', () => {
  it('a loop of awaited writes gives the lease to who waits for it, after maxHoldMs', async () => {
    const bank = await openBank({ leaser: new LocalLeaser(SHORT), maxHoldMs: 20, ...PATIENT })
    const log: string[] = []
    await bank.execute(UPDATE)
    const waiting = successor(bank, log)
    await loopUntil(
      () => log.length > 0,
      () => bank.execute(UPDATE),
    )
    expect(log).toEqual(['successor'])
    await waiting
  })

  it('a loop of awaited reads lets the lease of the write before it be released', async () => {
    const log: string[] = []
    const onEvent = ({ type }: { type: string }) => void log.push(type)
    const bank = await openBank({ leaser: new LocalLeaser({ ...SHORT, onEvent }), ...PATIENT })
    await bank.execute(UPDATE)
    log.length = 0
    await loopUntil(
      () => log.includes('released'),
      () => bank.execute(SUM),
    )
    expect(log).toContain('released')
  })

  it('a loop of awaited reads lets timers fire', async () => {
    const bank = await openBank()
    let hasFired = false
    setTimeout(() => {
      hasFired = true
    }, 20)
    await loopUntil(
      () => hasFired,
      () => bank.execute(SUM),
    )
    expect(hasFired).toBe(true)
  })
})
