import { describe, expect, it } from 'vitest'
import { DatabaseError } from '../src/index.js'
import { ManualClock } from './support/manual-clock.js'
import { answered, outcomes, queueOnly, type Sent, throwsTimes } from './support/queue.js'
import { nextTick } from './support/scratch.js'

describe('a queue', () => {
  it('serves in the order of arrival, and lets writes share a turn until something needs its own', async () => {
    const { write, alone, served, queue } = queueOnly()
    const all = [write('a'), write('b'), alone('script'), write('c'), alone('other'), write('d'), write('e')]
    expect(queue.isIdle).toBe(false)
    await Promise.all(all)
    expect(served).toEqual(['a b', 'script', 'c', 'other', 'd e'])
    await queue.idle()
    expect(queue.isIdle).toBe(true)
  })

  it('lets 500 writes share a turn, and no more', async () => {
    const { write, served } = queueOnly()
    await Promise.all(Array.from({ length: 501 }, (_, i) => write(`${i}`)))
    expect(served.map((group) => group.split(' ').length)).toEqual([500, 1])
  })

  it('lets the event loop have a tick between two of its turns, however long it is', async () => {
    const { alone, served } = queueOnly()
    const all = ['a', 'b', 'c'].map((name) => alone(name, async () => setImmediate(() => served.push('others'))))
    await Promise.all(all)
    await nextTick()
    expect(served).toEqual(['a', 'others', 'b', 'others', 'c', 'others'])
  })

  it('lets the event loop have its tick though another one comes right after an answer', async () => {
    const { alone, served } = queueOnly()
    const first = alone('a', async () => setImmediate(() => served.push('others')))
    await Promise.all([first.then(() => alone('late')), alone('b')])
    expect(served).toEqual(['a', 'others', 'b', 'late'])
  })

  it('serves what needs its own turn and comes right after the last one at once, and a write after a tick of the event loop', async () => {
    const { alone, write, served } = queueOnly()
    await alone('a', async () => setImmediate(() => served.push('others')))
    await alone('b')
    await write('c')
    expect(served).toEqual(['a', 'b', 'others', 'c'])
  })

  it('serves nothing at once where the event loop had no tick for long', async () => {
    const { alone, served, clock } = queueOnly()
    await alone('a', async (turn) => {
      setImmediate(() => served.push('others'))
      await turn.guard.prepare()
      clock.advance(25, { timers: false })
    })
    await alone('b')
    expect(served).toEqual(['a', 'others', 'b'])
  })

  it('refuses more than 10,000 that wait, at once, and serves these', async () => {
    const { write, served } = queueOnly({
      clock: new (class extends ManualClock {
        override after = () => () => {}
      })(),
    })
    const all = Array.from({ length: 10_000 }, () => write('a'))
    await expect(write('b')).rejects.toMatchObject({ code: 'QUEUE_FULL' })
    await Promise.all(all)
    expect(served.join(' ').split(' ')).toHaveLength(10_000)
  })
})

describe('a turn', () => {
  it('that was over before it began is given again, before those that came later', async () => {
    const { alone, write, served } = queueOnly()
    await Promise.all([alone('a', throwsTimes(9, false)), write('b')])
    expect(served).toEqual([...Array.from({ length: 10 }, () => 'a'), 'b'])
  })

  it('before which newer tickets are in the file is given again five times, and is a conflict then', async () => {
    const { alone, write, served, events } = queueOnly()
    await alone('a', throwsTimes(5, true))
    const told = outcomes({ b: alone('b', throwsTimes(6, true)), c: write('c') })
    await write('d')
    expect(told).toEqual(['b WRITE_CONFLICT', 'c done'])
    expect(served.filter((name) => name === 'b')).toHaveLength(6)
    expect(events).toMatchObject([{ type: 'conflict', code: 'SUPERSEDED' }])
  })

  it('in which nothing could be begun fails those that shared it, leaves nothing open, and the next one is given', async () => {
    const { alone, queue, connection, write } = queueOnly({
      runGroup: async (_, turn) => {
        turn.connection.opened()
        throw new TypeError('a bug')
      },
    })
    const told = outcomes({
      a: write('a'),
      b: write('b'),
      c: alone('c', async () => expect(connection.isOpen).toBe(false)),
    })
    await queue.idle()
    expect(told).toEqual(['a a bug', 'b a bug', 'c done'])
  })

  it.each([
    ['stays locked fails the least patient alone', 'BUSY', 100, 1_000, ['a BUSY', 'b done'], ['a b', 'b']],
    [
      'stays locked fails all of them, where none has lost its patience',
      'BUSY',
      0,
      1_000,
      ['a BUSY', 'b BUSY'],
      ['a b'],
    ],
    ['stays locked runs none again, where all have lost it', 'BUSY', 100, 100, ['a BUSY', 'b BUSY'], ['a b']],
    ['is broken fails all of them, whatever their patience', 'SQLITE', 100, 1_000, ['a SQLITE', 'b SQLITE'], ['a b']],
  ] as const)('for which the file %s', async (_, code, ms, timeoutMs, expected, expectedTurns) => {
    const turns: string[] = []
    const it = queueOnly({
      runGroup: async (group: Sent[]) => {
        turns.push(group.map(({ name }) => name).join(' '))
        if (turns.length === 1) {
          it.clock.advance(ms, { timers: false })
          throw new DatabaseError(code, 'locked, or broken')
        }
        return answered(group)
      },
    })
    const told = outcomes({ a: it.write('a', 100), b: it.write('b', timeoutMs) })
    await it.queue.idle()
    expect(told).toEqual(expected)
    expect(turns).toEqual(expectedTurns)
  })

  it('that some of its writes did not have is given to these first, and alone to one that can not share it', async () => {
    const groups: string[] = []
    const { write, queue } = queueOnly({
      runGroup: async (group) => {
        groups.push(group.map(({ name }) => name).join(' '))
        const done = Math.min(group.length, 1)
        const alone = group.slice(done).filter(({ name }) => name === 'c')
        return { answer: () => group.slice(0, done).forEach((sent) => sent.done()), done, alone }
      },
    })
    const told = outcomes(Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, write(name)])))
    await nextTick()
    void write('e')
    await queue.idle()
    expect(groups).toEqual(['a b c d', 'b', 'c', 'd e', 'e'])
    expect(told).toEqual(['a done', 'b done', 'c done', 'd done'])
  })
})

describe('the lease', () => {
  const order = async (options: Parameters<typeof queueOnly>[0]) => {
    const it = queueOnly(options)
    const log = it.leaser.log
    const all = ['a', 'b'].map((name) => it.alone(name).then(() => log.push(name)))
    await Promise.all(all)
    await nextTick()
    await nextTick()
    return { ...it, log }
  }

  it('is given back after the last answer, in the background', async () => {
    expect((await order({})).log).toEqual(['acquire', 'a', 'b', 'release'])
  })

  it('is given back before the last answer, where it is to be', async () => {
    expect((await order({ release: 'before-answer' })).log).toEqual(['acquire', 'a', 'release', 'b'])
  })

  it.each(['background', 'before-answer'] as const)(
    'that is to be kept (%s) is given back after maxHoldMs',
    async (release) => {
      const { log, pass } = await order({ release, invocations: { keepLease: true } })
      expect(log).toEqual(['acquire', 'a', 'b'])
      await pass(250)
      expect(log).toEqual(['acquire', 'a', 'b', 'release'])
    },
  )

  it('is given back when the queue is idle', async () => {
    const { log, queue, write } = await order({ invocations: { keepLease: true } })
    void write('c')
    await queue.idle()
    expect(log).toEqual(['acquire', 'a', 'b', 'release'])
  })
})
