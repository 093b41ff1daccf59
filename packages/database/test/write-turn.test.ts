import { describe, expect, it, test } from 'vitest'
import type { DatabaseError } from '../src/index.js'
import { TurnIsOver } from '../src/write/write-turn.js'
import { isTakenOverBeforeItsRenewal } from './support/leasers.js'
import { BEGIN_WAIT_MS, insert, sqliteError, writerOfFile } from './support/writer.js'

const IOERR = 10

/** What writes a file, and a lease that can be lost. */
async function turnOnFile() {
  const file = await writerOfFile()
  const { lease, opened } = file
  return {
    ...file,
    /** Another process has taken it over. As long as that is known, its time does not matter. */
    lose: async () => {
      isTakenOverBeforeItsRenewal(lease)
      await lease.renew().catch(() => {})
      expect(lease.signal.aborted).toBe(true)
      lease.remainingMs = () => lease.ttlMs
    },
    begins: () => opened.flatMap(({ statements }) => statements.filter((sql) => sql === 'BEGIN IMMEDIATE')).length,
  }
}

/** How a turn is over that can't begin. */
async function over(begun: Promise<unknown>) {
  const error: unknown = await begun.catch((thrown: unknown) => thrown)
  if (!(error instanceof TurnIsOver)) throw error
  const { isSuperseded } = error
  return { isSuperseded }
}

describe('a turn that waits for a locked file', () => {
  it('begins when the file is free, and holds the write lock until the end', async () => {
    const { other, begin, passUntil, connection, isLocked } = await turnOnFile()
    other.exec('BEGIN EXCLUSIVE')
    const begun = begin()
    other.exec('ROLLBACK')
    const transaction = await passUntil(begun)
    expect([transaction.isOpen, connection.inTransaction]).toEqual([true, true])
    expect(isLocked()).toBe(true)
    transaction.rollback()
    expect([transaction.isOpen, connection.inTransaction]).toEqual([false, false])
    expect(isLocked()).toBe(false)
  })

  it('gives up when the time of those is over whose turn it is, and says what the line knows', async () => {
    const { other, begin, passUntil } = await turnOnFile()
    other.exec('BEGIN EXCLUSIVE')
    const message = `explained: ${BEGIN_WAIT_MS} ms`
    await expect(passUntil(begin())).rejects.toMatchObject({ code: 'BUSY', message } as Partial<DatabaseError>)
  })

  it.each(['has run out', 'was taken over'])(
    'is over where its lease %s meanwhile, and begins nothing',
    async (what) => {
      const { other, begin, passUntil, connection, lease, leaser, lose, clock, begins, isLocked } = await turnOnFile()
      other.exec('BEGIN IMMEDIATE')
      const begun = begin()
      if (what === 'has run out') clock.freeze(lease.ttlMs)
      else await lose()
      other.exec('ROLLBACK')
      await expect(over(passUntil(begun))).resolves.toEqual({ isSuperseded: false })
      expect(leaser.log).not.toContain('raise')
      expect(begins()).toBe(1)
      expect(connection.inTransaction).toBe(false)
      expect(isLocked()).toBe(false)
    },
  )
})

test('a turn that is over is known by its mark: the package may be loaded twice', () => {
  const ofAnotherCopy: unknown = { [Symbol.for('@sqlite-efs/database.turn-is-over@1')]: true, isSuperseded: true }
  expect(ofAnotherCopy instanceof TurnIsOver).toBe(true)
  expect(new Error('another') instanceof TurnIsOver).toBe(false)
})

describe('a turn', () => {
  it.each(['was lost', 'has run out'])(
    'whose lease %s before it begins is over, and nothing is begun',
    async (what) => {
      const { turnFor, lease, lose, connection } = await turnOnFile()
      const turn = turnFor()
      if (what === 'was lost') await lose()
      else lease.remainingMs = () => 0
      await expect(over(turn.begin())).resolves.toEqual({ isSuperseded: false })
      expect(connection.isOpen).toBe(false)
      expect(turn.guard.isAlive).toBe(false)
    },
  )

  it('that finds a newer ticket in the file is over, gives the write lock back, and the next ticket is larger than that', async () => {
    const { begin, lease, leaseKeeper, other, connection, isLocked, entries } = await turnOnFile()
    const transaction = await begin()
    insert(transaction, 1)
    await transaction.commit()
    const newer = lease.token + 7
    other.exec(`PRAGMA user_version=${newer}`)
    await expect(over(begin())).resolves.toEqual({ isSuperseded: true })
    expect(connection.inTransaction).toBe(false)
    expect(isLocked()).toBe(false)
    expect((await leaseKeeper.take(() => 60_000)).token).toBe(newer + 1)
    expect(entries()).toEqual([1])
  })

  it('that fails between BEGIN and the first statement gives the write lock back', async () => {
    const { begin, onNext, isLocked } = await turnOnFile()
    onNext('PRAGMA user_version', () => {
      throw new TypeError('a bug')
    })
    await expect(begin()).rejects.toThrow('a bug')
    expect(isLocked()).toBe(false)
  })
})

describe('a turn whose BEGIN meets an I/O error', () => {
  it('tries once more, on a new connection', async () => {
    const { begin, onNext, opened, entries } = await turnOnFile()
    onNext('BEGIN IMMEDIATE', () => {
      throw sqliteError(IOERR)
    })
    const transaction = await begin()
    expect(opened).toHaveLength(2)
    insert(transaction, 1)
    await transaction.commit()
    expect(entries()).toEqual([1])
  })

  it('fails when the new connection meets it too, and keeps neither of them', async () => {
    const { begin, faults, opened, connection } = await turnOnFile()
    faults.before = (sql) => {
      if (sql === 'BEGIN IMMEDIATE') throw sqliteError(IOERR)
    }
    await expect(begin()).rejects.toMatchObject({ code: 'SQLITE', details: { extendedCode: IOERR } })
    expect(opened).toHaveLength(2)
    expect(connection.isOpen).toBe(false)
  })

  it('does not try again after an error of another kind', async () => {
    const { begin, onNext, opened, connection } = await turnOnFile()
    onNext('BEGIN IMMEDIATE', () => {
      throw new TypeError('a bug')
    })
    await expect(begin()).rejects.toThrow('a bug')
    expect(opened).toHaveLength(1)
    expect(connection.isOpen).toBe(false)
  })
})

describe('the span', () => {
  it('of a turn’s beginning is under the first one that is traced, and there is none where nobody is', async () => {
    const { begin, tracer, lease } = await turnOnFile()
    const untraced = await begin()
    untraced.rollback()
    const transaction = await begin({ traces: ['alice', 'bob'], waitedMs: 7.4 })
    transaction.rollback()
    const attributes = { 'sqlite_efs.token': lease.token, 'sqlite_efs.waited_ms': 7 }
    expect(tracer.spans).toEqual([{ name: 'begin', parent: 'alice', links: [], attributes }])
  })
})
