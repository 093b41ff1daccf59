import { LeaseError } from '@sqlite-efs/lease'
import type { QueuedAcquireOptions } from '@sqlite-efs/lease/internal'
import { describe, expect, it } from 'vitest'
import { FreezeDetector } from '../src/file/freeze-detector.js'
import { TurnIsOver, type WriteTurn } from '../src/write/write-turn.js'
import { WriterConnection } from '../src/write/writer-connection.js'
import { ManualClock, passUntil } from './support/manual-clock.js'
import { answered, outcomes, queueOnly, until } from './support/queue.js'
import { nextTick } from './support/scratch.js'
import { sqliteError } from './support/writer.js'

const BUSY = 5

describe('a job', () => {
  it('gives up in its own time behind a turn of its process, and the others wait on', async () => {
    const { write, alone, pass } = queueOnly()
    const { ended, end } = until()
    const first = alone('a transaction', ended)
    const told = outcomes({ short: write('short', 100), long: write('long') })
    await pass(95)
    expect(told).toEqual([])
    await pass(5)
    expect(told).toEqual(['short LEASE_TIMEOUT'])
    end()
    await first
    await pass(5)
    expect(told).toEqual(['short LEASE_TIMEOUT', 'long done'])
  })

  it('gives up in its own time while another process has the lease, and the others wait on', async () => {
    const { write, pass, line, key } = queueOnly()
    const other = await line.acquire(key, { owner: 'other' })
    const short = write('short', 100)
    const told = outcomes({ short, long: write('long') })
    await pass(95)
    expect(told).toEqual([])
    await pass(5)
    await expect(short).rejects.toMatchObject({ code: 'LEASE_TIMEOUT', details: { holder: 'other' } })
    await other.release()
    await pass(500)
    expect(told).toEqual(['short LEASE_TIMEOUT', 'long done'])
  })

  it.each([
    ['right behind a turn that begins at once', 0],
    ['while a turn is under way that began at once', 1],
  ])('gives up in its own time where it comes %s', async (_, turns) => {
    const { alone, write, pass } = queueOnly()
    const { ended, end } = until()
    await alone('a')
    const first = alone('b', ended)
    for (let turn = 0; turn < turns; turn++) await nextTick()
    const told = outcomes({ late: write('late', 100) })
    await pass(100)
    expect(told).toEqual(['late LEASE_TIMEOUT'])
    end()
    await first
  })

  it('gives up in its own time where its lease was lost as its turn came', async () => {
    const { alone, write, pass, leaser } = queueOnly()
    const lost = async ({ lease }: WriteTurn) => {
      leaser.acquire = () => new Promise(() => {})
      await lease.release()
      throw new TurnIsOver(false)
    }
    const told = outcomes({ job: alone('job', lost, 100), patient: write('patient') })
    await pass(95)
    expect(told).toEqual([])
    await pass(5)
    expect(told).toEqual(['job LEASE_TIMEOUT'])
  })

  it('does not give up before its time because its timer fires early', async () => {
    class EarlyClock extends ManualClock {
      override after(ms: number, callback: () => void) {
        return super.after(ms > 90 ? ms - 5 : ms, callback)
      }
    }
    const { alone, write, pass } = queueOnly({ clock: new EarlyClock() })
    const { ended, end } = until()
    const first = alone('a', ended)
    const told = outcomes({ short: write('short', 100) })
    await pass(95)
    expect(told).toEqual([])
    await pass(5)
    expect(told).toEqual(['short LEASE_TIMEOUT'])
    end()
    await first
  })

  it('that can not be timed fails at once, is never served, and keeps nobody from its turn', async () => {
    let isBroken = false
    class BrokenClock extends ManualClock {
      override after(ms: number, callback: () => void) {
        if (isBroken) throw new TypeError('a bug')
        return super.after(ms, callback)
      }
    }
    const { write, served } = queueOnly({ clock: new BrokenClock() })
    const first = write('a')
    isBroken = true
    const second = write('b')
    isBroken = false
    await expect(second).rejects.toThrow('a bug')
    await Promise.all([first, write('c')])
    expect(served).toEqual(['a c'])
  })
})

describe('the time that the line is asked to wait', () => {
  it('is that of the most patient, some at least while one is patient, and none at all then', async () => {
    const { write, pass, leaser, queue } = queueOnly()
    let asked: QueuedAcquireOptions | undefined
    leaser.acquire = async (_, options) => {
      asked = options as QueuedAcquireOptions
      return new Promise(() => {})
    }
    outcomes({ short: write('short', 100), long: write('long', 400) })
    await nextTick()
    expect(asked?.timeoutMs).toBe(400)
    expect(asked?.remainingMs()).toBe(400)
    await pass(395)
    expect(asked?.remainingMs()).toBe(250)
    await pass(5)
    expect(asked?.remainingMs()).toBe(0)
    expect(queue.isIdle).toBe(false)
  })

  it('is that of the least patient for a locked file, and some at least', async () => {
    const begun: { afterMs: string; waitedMs: unknown }[] = []
    let waitedMs: unknown
    const { write, alone, pass, clock } = queueOnly({
      connection: new WriterConnection({
        freeze: new FreezeDetector(new ManualClock()),
        open: () => {
          throw sqliteError(BUSY)
        },
      }),
      tracer: {
        current: () => undefined,
        span: ({ attributes }, body) => {
          waitedMs = attributes?.['sqlite_efs.waited_ms']
          return body({ set: () => {} })
        },
      },
      runGroup: async (group, turn) => {
        await turn.begin().catch(({ message }: Error) => begun.push({ afterMs: message, waitedMs }))
        return answered(group)
      },
    })
    const { ended, end } = until()
    const first = alone('a', ended)
    const all = [write('b', 1_000)]
    await pass(20)
    all.push(write('c', 200))
    await pass(180)
    end()
    await first
    await nextTick()
    await passUntil(clock, Promise.all(all))
    await passUntil(clock, Promise.all([write('d', 300), write('e', 200)]))
    expect(begun).toEqual([
      { afterMs: '50', waitedMs: 200 },
      { afterMs: '200', waitedMs: 0 },
    ])
  })
})

describe('a leaser that gives no lease', () => {
  const refusing = (error: Error) => {
    const it = queueOnly()
    const { leaser } = it
    const acquire = leaser.acquire.bind(leaser)
    let asked = 0
    leaser.acquire = async (key, options) => (++asked === 1 ? Promise.reject(error) : acquire(key, options))
    return { ...it, asked: () => asked }
  }

  it('in time is asked again for those that are patient still', async () => {
    const { write, queue, clock, leaser, asked } = refusing(new LeaseError('LEASE_TIMEOUT', 'not yet'))
    const { acquire } = leaser
    leaser.acquire = async (key, options) => {
      if (asked() === 0) clock.advance(99, { timers: false })
      return acquire(key, options)
    }
    const told = outcomes({ a: write('a', 100), b: write('b') })
    await queue.idle()
    expect(told).toEqual(['a LEASE_TIMEOUT', 'b done'])
    expect(asked()).toBe(2)
  })

  it.each([
    ['after so many attempts', new LeaseError('LEASE_TIMEOUT', 'no more', { attempts: 3 }), 'LEASE_TIMEOUT'],
    ['for another reason', new LeaseError('ACCESS_DENIED', 'not you'), 'ACCESS_DENIED'],
  ])('%s is not asked again, and is for those that come later', async (_, error, code) => {
    const { write, queue, asked } = refusing(error)
    const told = outcomes({ a: write('a'), b: write('b') })
    await queue.idle()
    expect(told).toEqual([`a ${code}`, `b ${code}`])
    expect(asked()).toBe(1)
    await write('c')
  })
})
