import { describe, expect, it, onTestFinished } from 'vitest'
import { Listeners } from '../src/contract/events.js'
import type { Connection } from '../src/engine/connection.js'
import { DatabaseError } from '../src/index.js'
import { ReadWindow } from '../src/read/read-window.js'
import type { ReadOutcome } from '../src/read/waiting-reads.js'
import { isLocked, outsider } from './support/outsider.js'
import { nextTick } from './support/scratch.js'
import { watchedBank } from './support/watched-bank.js'

const SUM = 'SELECT sum(balance) FROM account'
const sum = (connection: Connection) => connection.value(SUM)
const lingering = (): ReadOutcome => ({ isRead: true, followUpMicrotasks: 20 })

/** A reader that has its connection already, and how many reads shared each of its windows. */
async function readerOfBank() {
  const bank = await watchedBank()
  const { path, context } = bank
  const windows: number[] = []
  const listeners = new Listeners()
  listeners.add((event) => void (event.type === 'read-window' && windows.push(event.reads)))
  const time = { lockWaitMs: 1_000 }
  const reader = new ReadWindow({
    ...context,
    open: () => context.open(),
    path,
    listeners,
    lockWait: () => ({ ...context.lockWait(), timeoutMs: time.lockWaitMs }),
  })
  onTestFinished(() => reader.discard())
  await reader.read(sum)
  windows.length = 0
  const other = outsider(path)
  /** Another process keeps the file shut until it is told to open it. */
  const shut = () => {
    other.exec('BEGIN EXCLUSIVE; UPDATE account SET balance = balance + 1')
    return () => void other.exec('COMMIT')
  }
  /** Reads, and fails at the first time. */
  const failingOnce = (fail: (connection: Connection) => never) => {
    let runs = 0
    return (connection: Connection) => (runs++ === 0 ? fail(connection) : sum(connection))
  }
  return { ...bank, reader, windows, time, other, shut, failingOnce }
}

const busy = () => {
  throw new DatabaseError('BUSY', 'database is locked', { extendedCode: 5 })
}

describe('a read after which the connection is worth nothing, as after NFS dropped its locks', () => {
  it('is answered on a new one, if it can not begin', async () => {
    const { reader, opened, closed, windows, failing } = await readerOfBank()
    opened[0]!.exec = failing
    expect(await Promise.all([reader.read(sum), reader.read(sum)])).toEqual([200n, 200n])
    expect([...closed]).toEqual([opened[0]])
    expect(opened).toHaveLength(2)
    expect(windows).toEqual([2])
  })

  it('is answered on a new one, if it fails in its middle', async () => {
    const { reader, opened, closed, windows, failing, failingOnce } = await readerOfBank()
    expect(await reader.read(failingOnce(failing))).toBe(200n)
    expect([...closed]).toEqual([opened[0]])
    expect(windows).toEqual([0, 1])
  })

  it('fails if the new one does, and the next read works', async () => {
    const { reader, other, failing } = await readerOfBank()
    let runs = 0
    const read = reader.read(() => {
      runs++
      return failing()
    })
    await expect(read).rejects.toMatchObject({ code: 'SQLITE', details: { extendedCode: 266 } })
    expect(runs).toBe(2)
    expect(isLocked(other)).toBe(false)
    expect(await reader.read(sum)).toBe(200n)
  })

  it('fails at once where it can not wait, and the next one works', async () => {
    const { reader, opened, closed, other, failing } = await readerOfBank()
    expect(() => reader.now(failing)).toThrow('disk I/O error')
    expect([...closed]).toEqual([opened[0]])
    expect(isLocked(other)).toBe(false)
    expect(reader.now(sum)).toBe(200n)
    expect(isLocked(other)).toBe(false)
  })

  it('is answered where the lock can not be given back, which goes with the connection', async () => {
    const { reader, opened, closed, other, failing } = await readerOfBank()
    const read = reader.read((connection) => {
      connection.exec = failing
      return sum(connection)
    })
    expect(await read).toBe(200n)
    expect([...closed]).toEqual([opened[0]])
    expect(isLocked(other)).toBe(false)
    expect(await reader.read(sum)).toBe(200n)
  })
})

describe('a statement that meets a lock though its window is open', () => {
  it('is run again on a new connection: libsql keeps the lock of such a statement', async () => {
    const { reader, opened, closed, failingOnce, pass } = await readerOfBank()
    const read = reader.read(failingOnce(busy))
    await pass(30)
    expect(await read).toBe(200n)
    expect([...closed]).toEqual([opened[0]])
  })

  it('fails at once where it can not wait, and its connection goes too', async () => {
    const { reader, opened, closed, other } = await readerOfBank()
    expect(() => reader.now(busy)).toThrow('locked')
    expect([...closed]).toEqual([opened[0]])
    expect(isLocked(other)).toBe(false)
  })
})

describe('reads of one window', () => {
  const refused = (connection: Connection) => connection.value('SELECT nothing FROM nowhere')

  it('fail each for itself', async () => {
    const { reader, opened } = await readerOfBank()
    const all = await Promise.allSettled([reader.read(sum), reader.read(refused), reader.read(sum)])
    expect(all).toMatchObject([{ value: 200n }, { reason: { code: 'SQLITE' } }, { value: 200n }])
    expect(opened).toHaveLength(1)
  })

  it('fail each for itself after they waited together', async () => {
    const { reader, shut, pass } = await readerOfBank()
    const open = shut()
    const all = Promise.allSettled([reader.read(sum), reader.read(refused), reader.read(sum)])
    await pass(10)
    open()
    await pass(30)
    expect(await all).toMatchObject([{ value: 202n }, { reason: { code: 'SQLITE' } }, { value: 202n }])
  })

  it('wait together if one of them meets a lock, and are answered in one state', async () => {
    const { reader, failingOnce, other, pass } = await readerOfBank()
    const all = Promise.all([reader.read(failingOnce(busy)), reader.read(sum), reader.read(sum)])
    await nextTick()
    other.exec('UPDATE account SET balance = balance + 1')
    await pass(30)
    expect(await all).toEqual([202n, 202n, 202n])
  })

  it('keep it open for another statement only if all of them want it', async () => {
    const { reader, other } = await readerOfBank()
    await Promise.all([reader.read(sum, lingering), reader.read(sum)])
    expect(isLocked(other)).toBe(false)
    await Promise.all([reader.read(sum), reader.read(sum, lingering)])
    expect(isLocked(other)).toBe(false)
  })

  it('keep it open no longer when the statement that followed has failed', async () => {
    const { reader, other, windows } = await readerOfBank()
    await reader.read(sum, lingering)
    expect(isLocked(other)).toBe(true)
    await reader.read(refused, lingering).catch(() => {})
    expect(isLocked(other)).toBe(false)
    expect(windows).toEqual([1])
  })

  it('keep it open for a look in between, which sees the same state', async () => {
    const { reader, other, windows } = await readerOfBank()
    await reader.read(sum, lingering)
    expect(reader.now(sum)).toBe(200n)
    expect(isLocked(other)).toBe(true)
    reader.closeWindow()
    expect(isLocked(other)).toBe(false)
    reader.closeWindow()
    expect(windows).toEqual([1])
  })
})

describe('reads that wait for another process', () => {
  it('are waited for by no look that can not wait', async () => {
    const { reader, shut, pass } = await readerOfBank()
    const open = shut()
    const read = reader.read(sum)
    await nextTick()
    expect(() => reader.now(sum)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ extendedCode: 5 }) }),
    )
    open()
    await pass(30)
    expect(await read).toBe(202n)
    expect(reader.now(sum)).toBe(202n)
  })

  it('give up each in its own time, though a later one may have less', async () => {
    const { reader, time, shut, pass } = await readerOfBank()
    const open = shut()
    const told: string[] = []
    const read = (name: string, lockWaitMs: number) => {
      time.lockWaitMs = lockWaitMs
      const tell = (outcome: unknown) => told.push(`${name}: ${outcome}`)
      return reader.read(sum).then(tell, ({ code }: { code: string }) => tell(code))
    }
    const all = [read('first', 500), read('short', 100)]
    await nextTick()
    all.push(read('late', 100), read('long', 900))
    await pass(99)
    expect(told).toEqual([])
    await pass(2)
    expect(told).toEqual(['short: BUSY', 'late: BUSY'])
    await pass(398)
    expect(told).toHaveLength(2)
    await pass(30)
    expect(told.slice(2)).toEqual(['first: BUSY'])
    open()
    await pass(30)
    await Promise.all(all)
    expect(told.slice(3)).toEqual(['long: 202'])
    expect(await reader.read(sum)).toBe(202n)
  })

  it('hold no lock when they are answered, whatever follows them', async () => {
    const { reader, other, shut, pass } = await readerOfBank()
    const open = shut()
    const all = Promise.all([reader.read(sum, lingering), reader.read(sum, lingering)])
    await nextTick()
    open()
    await pass(30)
    expect(await all).toEqual([202n, 202n])
    expect(isLocked(other)).toBe(false)
  })

  it('were answered in time: nothing happens when it is over', async () => {
    const { reader, time, clock, shut, pass } = await readerOfBank()
    const open = shut()
    const all = [reader.read(sum)]
    time.lockWaitMs = 100
    all.push(reader.read(sum))
    await nextTick()
    open()
    await pass(30)
    expect(await Promise.all(all)).toEqual([202n, 202n])
    expect(() => clock.advance(1_000)).not.toThrow()
    expect(await reader.read(sum)).toBe(202n)
  })

  it('are answered on a new connection where the old one is worth nothing when the lock is gone', async () => {
    const { reader, opened, shut, failing, pass } = await readerOfBank()
    const open = shut()
    const all = Promise.all([reader.read(sum), reader.read(sum)])
    await nextTick()
    open()
    opened[0]!.exec = failing
    await pass(30)
    expect(await all).toEqual([202n, 202n])
  })

  it('fail where the new connection is worth nothing either, and leave no one waiting behind them', async () => {
    const { reader, opened, context, shut, failing, pass } = await readerOfBank()
    const open = shut()
    const all = Promise.allSettled([reader.read(sum), reader.read(sum)])
    await nextTick()
    open()
    const connect = context.open
    opened[0]!.exec = failing
    context.open = failing
    await pass(30)
    expect(await all).toMatchObject([{ reason: { code: 'SQLITE' } }, { reason: { code: 'SQLITE' } }])
    context.open = connect
    expect(await reader.read(sum)).toBe(202n)
  })
})
