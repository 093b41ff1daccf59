import { type Clock, LocalLeaser } from '@sqlite-efs/lease'
import { systemClock } from '@sqlite-efs/lease/internal'
import { describe, expect, it } from 'vitest'
import { Connection } from '../src/engine/connection.js'
import { EventLoop } from '../src/engine/event-loop.js'
import { CLOCK_FOR_TESTS } from '../src/file/options.js'
import type { Database, DatabaseEvent, SpanName, Tracer } from '../src/index.js'
import { WriteQueue } from '../src/write/write-queue.js'
import { RecordingTracer } from './support/recording-tracer.js'
import { openBank, rows } from './support/scratch.js'

const SUM = 'SELECT sum(balance) FROM account'
const UPDATE = 'UPDATE account SET balance = balance + 1 WHERE id = 1'

/** What begins in a turn of its own, or in one that it shares. */
const kinds: [string, (bank: Database) => Promise<unknown>][] = [
  ['a write', (bank) => bank.execute(UPDATE)],
  ['a group of writes', (bank) => Promise.all([bank.execute(UPDATE), bank.execute(UPDATE)])],
  ['a script', (bank) => bank.script(UPDATE)],
  [
    'a transaction',
    async (bank) => {
      const transaction = await bank.transaction()
      try {
        await transaction.execute(UPDATE)
        await transaction.commit()
      } finally {
        await transaction.rollback()
      }
    },
  ],
]

const isIdle = (bank: Database) =>
  expect.poll(async () => (await new LocalLeaser().inspect(`database#${bank.path}`)).contenders).toEqual([])

/** The line is empty soon, and the next write has its turn. */
async function isAsBefore(bank: Database): Promise<void> {
  await isIdle(bank)
  await bank.execute('UPDATE account SET balance = 7')
  expect(await rows(bank, SUM)).toEqual([[14n]])
}

/** Throws at the call of that number, and at no other. */
function throwsAt(number: number): () => void {
  let calls = 0
  return () => {
    if (++calls === number) throw new TypeError('timer.unref is not a function')
  }
}

describe.each(kinds)('%s', (name, act) => {
  it.each(Array.from({ length: 8 }, (__, at) => [at + 1] as const))(
    'that meets a clock without a timer, at its timer number %i, fails or not, and gives the lease back',
    async (at) => {
      let throwOrNot = () => {}
      const clock: Clock = {
        ...systemClock,
        after: (...timer) => {
          throwOrNot()
          return systemClock.after(...timer)
        },
      }
      const bank = await openBank({ leaser: new LocalLeaser({ clock }), [CLOCK_FOR_TESTS]: clock } as object)
      await isIdle(bank)
      throwOrNot = throwsAt(at)
      const outcome = await act(bank).catch((error: unknown) => error)
      throwOrNot = () => {}
      if (outcome instanceof Error) {
        expect(outcome.message).toMatch('timer.unref is not a function')
        await isIdle(bank)
        expect(Number((await rows(bank, SUM))[0]?.[0])).toBeLessThanOrEqual(name === 'a group of writes' ? 201 : 200)
      }
      await isAsBefore(bank)
    },
  )

  it.each(['PRAGMA schema_version', 'BEGIN IMMEDIATE', 'COMMIT', 'PRAGMA user_version', 'SELECT total_changes()'])(
    'that meets an exception at %s fails with it, and gives the lease back',
    async (sql) => {
      const bank = await openBank()
      const { exec, value } = Connection.prototype
      let isArmed = true
      const meet = (met: string) => {
        if (met !== sql || !isArmed) return
        isArmed = false
        throw new TypeError('a bug')
      }
      Connection.prototype.exec = function (met) {
        meet(met)
        exec.call(this, met)
      }
      Connection.prototype.value = function (met) {
        meet(met)
        return value.call(this, met)
      }
      try {
        await act(bank).catch((error: Error) => expect(error.message).toContain('a bug'))
      } finally {
        Object.assign(Connection.prototype, { exec, value })
      }
      await isAsBefore(bank)
    },
  )

  it.each<[SpanName, 'begins' | 'is described' | 'ends']>(
    (['lease.acquire', 'begin', 'commit', 'lease.release'] as const).flatMap((span) =>
      (['begins', 'is described', 'ends'] as const).map((moment) => [span, moment] as [SpanName, typeof moment]),
    ),
  )('whose tracer throws as its span %s %s is done nevertheless', async (span, moment) => {
    const recorder = new RecordingTracer()
    const tracer: Tracer = {
      current: () => recorder.current(),
      span: async (options, body) => {
        const isHit = options.name === span
        if (isHit && moment === 'begins') throw new TypeError('a bug')
        const set = () => {
          throw new TypeError('a bug')
        }
        const result = await recorder.span(options, (begun) =>
          body(isHit && moment === 'is described' ? { set } : begun),
        )
        if (isHit && moment === 'ends') throw new TypeError('a bug')
        return result
      },
    }
    const bank = await openBank({ tracer })
    await recorder.as('caller', () => act(bank))
    expect(Number((await rows(bank, SUM))[0]?.[0])).toBeGreaterThan(200)
    await isAsBefore(bank)
  })

  it('whose listener throws is done nevertheless', async () => {
    const onEvent = (_event: DatabaseEvent) => {
      throw new TypeError('a bug')
    }
    const bank = await openBank({ leaser: new LocalLeaser({ onEvent: () => onEvent({} as DatabaseEvent) }), onEvent })
    await act(bank)
    await isAsBefore(bank)
  })

  it('whose leaser throws, as it is asked or as it says why it waits, fails with that, and the next one works', async () => {
    const leaser = new LocalLeaser()
    const bank = await openBank({ leaser })
    await isIdle(bank)
    const acquire = leaser.acquire.bind(leaser)
    leaser.acquire = () => {
      leaser.acquire = acquire
      throw new TypeError('a bug')
    }
    await expect(act(bank)).rejects.toThrow('a bug')
    await isAsBefore(bank)
  })
})

describe('a queue', () => {
  it('whose preparations for a wait throw fails those who wait, and goes on', async () => {
    let throwOrNot = throwsAt(1)
    const options = {
      path: '/app.db',
      clock: systemClock,
      release: 'background',
      leaseKeeper: { take: () => ({}), release: async () => {}, isAtHand: false, whyNotYet: () => undefined },
      connection: { discard: () => {} },
      eventLoop: new EventLoop(systemClock),
      invocations: { keepLease: false },
      window: { closeWindow: () => {} },
      explainBusy: async (error: unknown) => error,
      runGroup: async (group: (() => void)[]) => ({
        answer: () => {
          for (const done of group) done()
        },
        done: group.length,
        alone: [],
      }),
      freeze: { look: () => throwOrNot() },
    }
    const queue = new WriteQueue<() => void>(options as never)
    const write = () =>
      new Promise<void>((resolve, reject) => {
        const job = {
          what: 'a write',
          timeoutMs: 60_000,
          timeoutOption: 'lease.timeoutMs',
          groupable: resolve,
          fail: reject,
        }
        queue.add(job as never)
      })
    await expect(write()).rejects.toThrow('unref')
    await write()
    throwOrNot = () => {}
    await queue.idle()
  })
})
