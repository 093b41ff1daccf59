import { AsyncLocalStorage } from 'node:async_hooks'
import { LocalLeaser } from '@sqlite-efs/lease'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { CLOCK_FOR_TESTS } from '../src/file/options.js'
import type { Database, InvocationOptions, Transaction } from '../src/index.js'
import { WatchedLeaser } from './support/leasers.js'
import { ManualClock } from './support/manual-clock.js'
import { isLocked, outsider } from './support/outsider.js'
import { runChild } from './support/run-child.js'
import { nextTick, open, openBank, rows, scratchPath } from './support/scratch.js'

const LATER = { remainingMs: () => 60_000 }

/** A bank as on AWS Lambda, and what is done with the lease. */
async function bankOnLambda(options: object = {}) {
  const leaser = new WatchedLeaser(new LocalLeaser())
  const bank = await openBank({ leaser, release: 'before-answer', maxHoldMs: 60_000, timeoutMs: 60_000, ...options })
  leaser.log.length = 0
  return { bank, leaser, log: leaser.log }
}

const deposit = (bank: Pick<Database, 'execute'>, amount = 1) =>
  bank.execute('UPDATE account SET balance = balance + ? WHERE id = 1', [amount])

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

/** Runs `body` as an invocation, to its end. */
async function invoke<T>(bank: Database, body: () => Promise<T>, options: InvocationOptions = LATER): Promise<T> {
  const invocation = bank.beginInvocation(options)
  try {
    return await invocation.run(body)
  } finally {
    await invocation.end()
  }
}

/** An invocation's time by a clock that a test moves. */
function clockwork(leftMs: number) {
  const clock = new ManualClock()
  const endMs = clock.monotonicMs() + leftMs
  return { clock, remainingMs: () => endMs - clock.monotonicMs() }
}

describe('the writes of an invocation', () => {
  it('share one lease, which is given back at its end', async () => {
    const { bank, log } = await bankOnLambda()
    await invoke(bank, async () => {
      await deposit(bank)
      await rows(bank, 'SELECT balance FROM account')
      const transaction = await bank.transaction()
      await deposit(transaction)
      await transaction.commit()
      await deposit(bank)
      expect(log).toEqual(['acquire'])
    })
    expect(log).toEqual(['acquire', 'release'])
  })

  it('have it given back when the handler throws', async () => {
    const { bank, log } = await bankOnLambda()
    const failing = invoke(bank, async () => {
      await deposit(bank)
      throw new Error('of the handler')
    })
    await expect(failing).rejects.toThrow('of the handler')
    expect(log).toEqual(['acquire', 'release'])
  })

  it('keep the lease for no longer than maxHoldMs while the handler does something else', async () => {
    const clock = new ManualClock()
    const { bank, log } = await bankOnLambda({ maxHoldMs: 250, [CLOCK_FOR_TESTS]: clock })
    await invoke(bank, async () => {
      await deposit(bank)
      await nextTick()
      clock.advance(249)
      expect(log).toEqual(['acquire'])
      clock.advance(1)
      await nextTick()
      expect(log).toEqual(['acquire', 'release'])
      await deposit(bank)
    })
    expect(log).toEqual(['acquire', 'release', 'acquire', 'release'])
  })

  it('are each given their own lease outside of it', async () => {
    const { bank, log } = await bankOnLambda()
    await deposit(bank)
    expect(log).toEqual(['acquire', 'release'])
    await invoke(bank, () => deposit(bank))
    await deposit(bank)
    expect(log).toEqual(['acquire', 'release', 'acquire', 'release', 'acquire', 'release'])
  })

  it('and those of others that run beside it share it, until the last one ends', async () => {
    const { bank, log } = await bankOnLambda()
    const [one, other] = [bank.beginInvocation(LATER), bank.beginInvocation(LATER)]
    await one.run(() => deposit(bank))
    await other.run(() => deposit(bank))
    await one.end()
    expect(log).toEqual(['acquire'])
    await other.end()
    expect(log).toEqual(['acquire', 'release'])
  })

  it('are not waited for by the lease of another that only reads', async () => {
    const { bank, log } = await bankOnLambda()
    const [writer, reader] = [bank.beginInvocation(LATER), bank.beginInvocation(LATER)]
    await reader.run(() => rows(bank, 'SELECT balance FROM account'))
    await writer.run(() => deposit(bank))
    await writer.end()
    expect(log).toEqual(['acquire', 'release'])
    await reader.end()
  })
})

describe('an invocation that pauses', () => {
  it('gives the lease back when what it began is done, until it writes again', async () => {
    const { bank, log } = await bankOnLambda()
    const invocation = bank.beginInvocation(LATER)
    await invocation.run(async () => {
      void deposit(bank)
      await invocation.pause()
      expect(log).toEqual(['acquire', 'release'])
      await deposit(bank)
      await deposit(bank)
    })
    await invocation.end()
    expect(log).toEqual(['acquire', 'release', 'acquire', 'release'])
    expect(await rows(bank, 'SELECT balance FROM account WHERE id = 1')).toEqual([[103n]])
  })

  it('leaves it to another that has written', async () => {
    const { bank, log } = await bankOnLambda()
    const [one, other] = [bank.beginInvocation(LATER), bank.beginInvocation(LATER)]
    await one.run(() => deposit(bank))
    await other.run(() => deposit(bank))
    await one.pause()
    expect(log).toEqual(['acquire'])
    await other.pause()
    expect(log).toEqual(['acquire', 'release'])
    await one.end()
    await other.end()
  })

  it('does not wait for a transaction that waits for it, not even where its handler has returned', async () => {
    const { bank, log } = await bankOnLambda()
    const invocation = bank.beginInvocation(LATER)
    const transaction = await invocation.run(() => bank.transaction())
    await invocation.pause()
    const ending = invocation.end()
    await invocation.pause()
    await transaction.commit()
    await ending
    expect(log).toEqual(['acquire', 'release'])
  })
})

describe('what a handler began and did not await', () => {
  it('is done before the end of the invocation', async () => {
    const { bank, log } = await bankOnLambda()
    await invoke(bank, async () => {
      void (async () => {
        for (let i = 0; i < 3; i++) await deposit(bank)
      })()
    })
    expect(log).toEqual(['acquire', 'release'])
    expect(await rows(bank, 'SELECT balance FROM account WHERE id = 1')).toEqual([[103n]])
  })

  it('as a transaction is waited for', async () => {
    const { bank } = await bankOnLambda()
    await invoke(bank, async () => {
      void (async () => {
        const transaction = await bank.transaction()
        await deposit(transaction)
        await nextTick()
        await nextTick()
        await transaction.commit()
      })()
    })
    expect(isLocked(outsider(bank.path))).toBe(false)
    expect(await rows(bank, 'SELECT balance FROM account WHERE id = 1')).toEqual([[101n]])
  })

  it.each(['immediate', 'deferred'] as const)(
    'and that stays open (%s) is rolled back at the last moment, and nothing is left to freeze',
    async (mode) => {
      const { clock, remainingMs } = clockwork(10_000)
      const { bank, log } = await bankOnLambda({ [CLOCK_FOR_TESTS]: clock })
      const invocation = bank.beginInvocation({ remainingMs, marginMs: 1_000 })
      const transaction = await invocation.run(() => bank.transaction({ mode }))
      await transaction.execute('SELECT * FROM account')
      if (mode === 'immediate') await deposit(transaction)
      let isOver = false
      const ending = invocation.end().then(() => {
        isOver = true
      })
      clock.advance(9_499)
      await nextTick()
      await nextTick()
      expect(isOver).toBe(false)
      clock.advance(1)
      await ending
      expect(isLocked(outsider(bank.path))).toBe(false)
      expect(log).toEqual(mode === 'immediate' ? ['acquire', 'release'] : [])
      await expect(transaction.execute('SELECT 1')).rejects.toMatchObject({ code: 'TRANSACTION_CLOSED' })
    },
  )
})

describe('what belongs to no invocation', () => {
  it('is waited for at the end of the last one', async () => {
    const { bank, log } = await bankOnLambda()
    const transaction = await bank.transaction()
    const invocation = bank.beginInvocation(LATER)
    let isOver = false
    const ending = invocation.end().then(() => {
      isOver = true
    })
    await nextTick()
    await nextTick()
    expect(isOver).toBe(false)
    await transaction.commit()
    await ending
    expect(log).toEqual(['acquire', 'release'])
  })

  it('does not keep the answer until it is too late', async () => {
    const { clock, remainingMs } = clockwork(3_000)
    const { bank } = await bankOnLambda({ [CLOCK_FOR_TESTS]: clock })
    const transaction = await bank.transaction()
    const ending = bank.beginInvocation({ remainingMs }).end()
    await nextTick()
    await nextTick()
    clock.advance(2_875)
    await ending
    await transaction.rollback()
  })

  it('is taken for the work of the one that is under way', async () => {
    const { clock, remainingMs } = clockwork(3_000)
    const { bank, log } = await bankOnLambda({ [CLOCK_FOR_TESTS]: clock })
    let thaw = () => {}
    const frozen = new Promise<void>((resolve) => {
      thaw = resolve
    })
    let leftover: Promise<unknown> | undefined
    await invoke(
      bank,
      async () => {
        leftover = frozen.then(() => deposit(bank))
      },
      { remainingMs },
    )
    clock.advance(60_000)
    await invoke(bank, async () => {
      thaw()
      await leftover
      expect(log).toEqual(['acquire'])
    })
    expect(log).toEqual(['acquire', 'release'])
  })
})

describe('an invocation that runs out of time', () => {
  it('gives the lease back, and rolls back what is open, while its handler is still busy', async () => {
    const { clock, remainingMs } = clockwork(3_000)
    const { bank, log } = await bankOnLambda({ [CLOCK_FOR_TESTS]: clock })
    const invocation = bank.beginInvocation({ remainingMs })
    let transaction: Transaction | undefined
    await invocation.run(async () => {
      transaction = await bank.transaction()
      await deposit(transaction)
    })
    clock.advance(2_750)
    await nextTick()
    await nextTick()
    expect(log).toEqual(['acquire', 'release'])
    expect(isLocked(outsider(bank.path))).toBe(false)
    await expect(transaction?.commit()).rejects.toMatchObject({ code: 'TRANSACTION_CLOSED' })
    expect(await rows(bank, 'SELECT balance FROM account WHERE id = 1')).toEqual([[100n]])
    await invocation.end()
  })

  it('begins no write any more, and says why', async () => {
    const { clock, remainingMs } = clockwork(3_000)
    const { bank, log } = await bankOnLambda({ [CLOCK_FOR_TESTS]: clock })
    const invocation = bank.beginInvocation({ remainingMs })
    clock.advance(2_800)
    await expect(invocation.run(() => deposit(bank))).rejects.toMatchObject({
      code: 'LEASE_TIMEOUT',
      message: expect.stringContaining('the invocation ends in 200 ms') as string,
    })
    expect(await invocation.run(() => rows(bank, 'SELECT 1'))).toEqual([[1n]])
    await invocation.end()
    expect(log).toEqual([])
    await deposit(bank)
  })

  it('begins no transaction that would be left to freeze, not even one that only reads', async () => {
    const { clock, remainingMs } = clockwork(3_000)
    const { bank } = await bankOnLambda({ [CLOCK_FOR_TESTS]: clock })
    const invocation = bank.beginInvocation({ remainingMs })
    clock.advance(2_800)
    const failed = await failureOf(invocation.run(() => bank.transaction({ mode: 'deferred' })))
    expect(failed).toMatchObject({ code: 'LEASE_TIMEOUT' })
    await invocation.end()
    await deposit(bank)
    expect(await rows(bank, 'SELECT balance FROM account WHERE id = 1')).toEqual([[101n]])
  })

  it('has an open transaction rolled back, also in a process that has nothing else to wait for', async () => {
    expect(await runChild('leave-open.ts', [scratchPath()])).toMatchObject({ code: 0, output: 'ended\n' })
  })

  it('does not wait for a release that nobody acknowledges until it is too late to answer', async () => {
    const { clock, remainingMs } = clockwork(3_000)
    const leaser = new WatchedLeaser(new LocalLeaser())
    const { bank } = await bankOnLambda({ leaser, [CLOCK_FOR_TESTS]: clock })
    leaser.onLease = (lease) => Object.assign(lease, { release: () => new Promise(() => {}) })
    const invocation = bank.beginInvocation({ remainingMs })
    await invocation.run(() => bank.transaction())
    clock.advance(2_750)
    await nextTick()
    clock.advance(125)
    await invocation.end()
  })

  it.each([
    ['tells nothing', () => Number.NaN],
    [
      'throws',
      () => {
        throw new Error('of the context')
      },
    ],
  ])('whose clock suddenly %s keeps nobody from writing', async (_, broken) => {
    const { bank, log } = await bankOnLambda()
    let remainingMs = () => 60_000
    const [one, other] = [bank.beginInvocation({ remainingMs: () => remainingMs() }), bank.beginInvocation(LATER)]
    await one.run(() => deposit(bank))
    remainingMs = broken
    expect(await failureOf(one.run(() => deposit(bank)))).toMatchObject({ code: 'LEASE_TIMEOUT' })
    await other.run(() => deposit(bank))
    await one.end()
    await other.end()
    expect(log).toEqual(['acquire', 'release'])
  })

  it('before it begins fails its writes, and nothing else', async () => {
    const { bank, log } = await bankOnLambda()
    const late = { remainingMs: () => -1 }
    expect(await invoke(bank, () => rows(bank, 'SELECT 1'), late)).toEqual([[1n]])
    expect(await invoke(bank, () => failureOf(deposit(bank)), late)).toMatchObject({ code: 'LEASE_TIMEOUT' })
    expect(log).toEqual([])
  })

  it('says in whole milliseconds how long it has waited', async () => {
    const leaser = new LocalLeaser()
    const { bank } = await bankOnLambda({ leaser })
    await using _held = await leaser.acquire(`database#${bank.path}`)
    const failed = invoke(bank, () => failureOf(deposit(bank)), { remainingMs: () => 301, marginMs: 200 })
    expect(await failed).toMatchObject({ message: expect.stringContaining('came within 150 ms') as string })
  })

  it('stops waiting for its turn in time to answer', async () => {
    const { clock, remainingMs } = clockwork(3_000)
    const leaser = new LocalLeaser()
    const { bank } = await bankOnLambda({ leaser, [CLOCK_FOR_TESTS]: clock })
    await using _held = await leaser.acquire(`database#${bank.path}`)
    const invocation = bank.beginInvocation({ remainingMs })
    const failed = failureOf(invocation.run(() => deposit(bank)))
    await nextTick()
    clock.advance(2_499)
    await nextTick()
    clock.advance(1)
    expect(await failed).toMatchObject({
      code: 'LEASE_TIMEOUT',
      message: expect.stringMatching(/within 2500 ms.*the function's timeout/) as string,
    })
    await invocation.end()
  })

  it('is bounded by its own time, and not by that of one beside it', async () => {
    const { clock, remainingMs } = clockwork(3_000)
    const leaser = new LocalLeaser()
    const { bank } = await bankOnLambda({ leaser, [CLOCK_FOR_TESTS]: clock })
    const held = await leaser.acquire(`database#${bank.path}`, { ttlMs: 60_000 })
    const [short, long] = [bank.beginInvocation({ remainingMs }), bank.beginInvocation(LATER)]
    const failed = failureOf(short.run(() => deposit(bank)))
    const waiting = long.run(() => deposit(bank))
    await nextTick()
    clock.advance(2_500)
    expect(await failed).toMatchObject({ code: 'LEASE_TIMEOUT' })
    await short.end()
    await held.release()
    await waiting
    await long.end()
  })

  it('waits for a locked file by its own time, although a read that waits longer was first', async () => {
    const { bank } = await bankOnLambda()
    const other = outsider(bank.path)
    other.exec('BEGIN EXCLUSIVE')
    const endMs = performance.now() + 700
    const short = bank.beginInvocation({ remainingMs: () => endMs - performance.now() })
    const long = bank.beginInvocation(LATER)
    const waiting = long.run(() => rows(bank, 'SELECT count(*) FROM account'))
    await nextTick()
    const failed = failureOf(short.run(() => rows(bank, 'SELECT count(*) FROM account')))
    expect(await failed).toMatchObject({
      code: 'BUSY',
      message: expect.stringMatching(/locked for \d{3} ms/) as string,
    })
    await short.end()
    other.exec('ROLLBACK')
    expect(await waiting).toEqual([[2n]])
    await long.end()
  })
})

it('after a silence of more than half a minute, an invocation goes on with new connections and sockets', async () => {
  const clock = new ManualClock()
  const { bank, leaser } = await bankOnLambda({ [CLOCK_FOR_TESTS]: clock })
  let closed = 0
  Object.assign(leaser, { close: () => void closed++ })
  /** SQLite counts them by connection. */
  const changes = () =>
    invoke(bank, async () => {
      const transaction = await bank.transaction()
      await deposit(transaction)
      const [row] = await rows(transaction, 'SELECT total_changes()')
      await transaction.commit()
      return Number(row?.[0])
    })
  const before = await changes()
  clock.advance(29_000)
  expect(await changes()).toBe(before + 1)
  expect(closed).toBe(0)
  clock.advance(31_000)
  expect(await changes()).toBe(1)
  expect(closed).toBe(1)
})

describe('invocations of several files', () => {
  it('are each told their own work, also one in the other', async () => {
    const [one, other] = [await bankOnLambda(), await bankOnLambda()]
    const inner = other.bank.beginInvocation(LATER)
    const [short, long] = [one.bank.beginInvocation({ remainingMs: () => 200 }), one.bank.beginInvocation(LATER)]
    const refused = short.run(() => inner.run(() => failureOf(deposit(one.bank))))
    expect(await refused).toMatchObject({ code: 'LEASE_TIMEOUT' })
    await inner.run(() => deposit(other.bank))
    await inner.end()
    await short.end()
    expect(one.log).toEqual([])
    expect(other.log).toEqual(['acquire', 'release'])
    await long.end()
  })

  it('leave nothing that each later promise would be slower for', async () => {
    const run = vi.spyOn(AsyncLocalStorage.prototype, 'run')
    onTestFinished(() => run.mockRestore())
    const used = async () => {
      const { bank } = await bankOnLambda()
      run.mockClear()
      await invoke(bank, () => deposit(bank))
      await bank.close()
      return [...new Set(run.mock.contexts)]
    }
    const first = await used()
    expect(first).not.toEqual([])
    const second = await used()
    expect(second.every((storage) => first.includes(storage))).toBe(true)
  })
})

it('the file stays open until the end of the invocation, whoever closes it meanwhile', async () => {
  const { bank, leaser, log } = await bankOnLambda()
  const invocation = bank.beginInvocation(LATER)
  await invocation.run(async () => {
    await deposit(bank)
    await bank.close()
    const again = open(bank.path, { leaser, release: 'before-answer', maxHoldMs: 60_000 })
    await deposit(again)
    await again.close()
  })
  expect(log).toEqual(['acquire'])
  await invocation.end()
  expect(log).toEqual(['acquire', 'release'])
})

it.each([
  ['remainingMs', { remainingMs: 1 }],
  ['marginMs', { ...LATER, marginMs: -1 }],
])('a wrong %s is refused, and leaves nothing open', async (option, options) => {
  const { bank, leaser } = await bankOnLambda()
  let closed = 0
  Object.assign(leaser, { close: () => void closed++ })
  expect(() => bank.beginInvocation(options as never)).toThrow(
    expect.objectContaining({ details: { option } }) as Error,
  )
  await bank.close()
  expect(closed).toBe(1)
})
