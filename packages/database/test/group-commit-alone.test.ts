import { LeaseError } from '@sqlite-efs/lease'
import { describe, expect, it } from 'vitest'
import { groupCommit, type Write } from '../src/write/group-commit.js'
import { sqliteError, writerOfFile } from './support/writer.js'

const IOERR = 10

/** Groups of writes on a file, without a queue. */
async function groups() {
  const file = await writerOfFile()
  const turn = file.turnFor()
  const told: string[] = []
  const insert = (n: number, sql = `INSERT INTO entry VALUES (${n})`): Write => ({
    sql,
    args: [],
    resolve: () => told.push(`${n} done`),
    reject: (error) => told.push(`${n} ${(error as { code?: string }).code}`),
  })
  /** Which were dealt with, which must be alone, and what their callers were told. */
  const commit = async (writes: Write[]) => {
    const { answer, done, alone } = await file.passUntil(groupCommit(writes, turn))
    expect(told).toEqual([])
    answer()
    return { told: told.splice(0), done, alone: alone.map((write) => writes.indexOf(write)) }
  }
  return { ...file, insert, commit }
}

describe('writes that share a turn', () => {
  it('are answered after their commit, each in its turn', async () => {
    const { commit, insert, entries, isLocked, opened } = await groups()
    expect(await commit([insert(1), insert(1), insert(2)])).toEqual({
      told: ['1 done', '1 SQLITE', '2 done'],
      done: 3,
      alone: [],
    })
    expect(entries()).toEqual([1, 2])
    expect(isLocked()).toBe(false)
    expect(opened[0]?.statements.filter((sql) => sql === 'COMMIT')).toHaveLength(1)
  })

  it('share it though the journal is looked at for longer than 50 ms: only their own time counts', async () => {
    const { commit, insert, clock, faults } = await groups()
    Object.defineProperty(faults, 'isJournalGone', {
      get: () => {
        clock.advance(60)
        return false
      },
    })
    expect(await commit([insert(1), insert(2), insert(3)])).toMatchObject({ done: 3, alone: [] })
  })

  it('are committed as far as 50 ms reach, or told that they are not, and the others wait for the next turn', async () => {
    const { commit, insert, entries, clock, faults } = await groups()
    clock.advance(1_000)
    let fails = true
    faults.before = (sql) => {
      if (sql.startsWith('INSERT')) clock.advance(25)
      if (sql === 'COMMIT' && fails) throw sqliteError(IOERR)
    }
    const writes = [1, 2, 3, 4].map((n) => insert(n))
    const unknown = [1, 2, 3].map((n) => `${n} COMMIT_UNKNOWN`)
    expect(await commit(writes)).toEqual({ told: unknown, done: 3, alone: [] })
    expect(entries()).toEqual([])
    fails = false
    expect(await commit(writes)).toMatchObject({ done: 3, alone: [] })
    expect(entries()).toEqual([1, 2, 3])
  })

  it('are each alone where the schema has deferred keys, or can not be asked: the file is free, and nothing written', async () => {
    for (const isBroken of [false, true]) {
      const { commit, insert, entries, isLocked, other, onNext, connection } = await groups()
      if (isBroken) {
        onNext('PRAGMA user_version', (watched) => {
          watched.hasDeferredKeys = () => {
            throw sqliteError(IOERR)
          }
        })
      } else other.exec('CREATE TABLE card (entry REFERENCES entry DEFERRABLE INITIALLY DEFERRED)')
      expect(await commit([insert(1), insert(2)])).toEqual({ told: [], done: 0, alone: [0, 1] })
      expect(isLocked()).toBe(false)
      expect(connection.isOpen).toBe(!isBroken)
      expect(entries()).toEqual([])
    }
  })

  it.each(['whole transaction ends', 'connection is in doubt'])(
    'are undone where at one of them the %s: that one is alone, and the others have another turn',
    async (what) => {
      const { commit, insert, entries, isLocked, onNext, connection } = await groups()
      const bad = insert(2, 'INSERT OR ROLLBACK INTO entry VALUES (1)')
      if (what === 'connection is in doubt') {
        onNext(bad.sql, (watched) => {
          watched.doubts = sqliteError(IOERR)
          throw watched.doubts
        })
      }
      expect(await commit([insert(1), bad, insert(3)])).toEqual({ told: [], done: 0, alone: [1] })
      expect(connection.isOpen).toBe(false)
      expect(isLocked()).toBe(false)
      expect(entries()).toEqual([])
    },
  )

  it('are each alone where COMMIT meets a violated constraint, and told of any other error without another try', async () => {
    const { commit, insert, entries, onNext, isLocked } = await groups()
    onNext('COMMIT', () => {
      throw sqliteError(19)
    })
    expect(await commit([insert(1), insert(2)])).toEqual({ told: [], done: 0, alone: [0, 1] })
    expect(isLocked()).toBe(false)
    onNext('COMMIT', () => {
      throw sqliteError(IOERR)
    })
    expect(await commit([insert(1), insert(2)])).toEqual({
      told: ['1 COMMIT_UNKNOWN', '2 COMMIT_UNKNOWN'],
      done: 2,
      alone: [],
    })
    expect(isLocked()).toBe(false)
    expect(entries()).toEqual([])
  })
})

describe('a write that is alone', () => {
  it('is done again, once, where its connection is in doubt: a new one may do better', async () => {
    const { commit, insert, entries, onNext, opened } = await groups()
    const write = insert(1)
    onNext(write.sql, (watched) => {
      watched.doubts = sqliteError(IOERR)
      throw watched.doubts
    })
    expect(await commit([write])).toEqual({ told: ['1 done'], done: 1, alone: [] })
    expect(opened).toHaveLength(2)
    expect(entries()).toEqual([1])
  })

  it('and meets the same on a new connection fails, and leaves nothing', async () => {
    const { commit, insert, entries, faults, opened, connection, isLocked } = await groups()
    const write = insert(1)
    faults.before = (sql, watched) => {
      if (sql !== write.sql) return
      watched.doubts = sqliteError(IOERR)
      throw watched.doubts
    }
    expect(await commit([write])).toEqual({ told: ['1 SQLITE'], done: 1, alone: [] })
    expect([opened.length, connection.isOpen]).toEqual([2, false])
    expect(isLocked()).toBe(false)
    expect(entries()).toEqual([])
  })

  it('and ends the whole transaction has its error, and nothing stays open', async () => {
    const { commit, insert, entries, isLocked, connection } = await groups()
    await commit([insert(1)])
    const bad = insert(2, 'INSERT OR ROLLBACK INTO entry VALUES (1)')
    expect(await commit([bad])).toEqual({ told: ['2 SQLITE'], done: 1, alone: [] })
    expect(connection.isOpen).toBe(false)
    expect(isLocked()).toBe(false)
    expect(entries()).toEqual([1])
  })

  it('and whose COMMIT fails has its error', async () => {
    const { commit, insert, onNext } = await groups()
    onNext('COMMIT', () => {
      throw sqliteError(19)
    })
    expect(await commit([insert(1)])).toEqual({ told: ['1 SQLITE'], done: 1, alone: [] })
  })
})

describe('what a statement found', () => {
  it.each([1, 2])('is given out only where the lease is known to have lasted: %i writes', async (count) => {
    const { commit, insert, lease, onNext, isLocked, connection } = await groups()
    const nothing = (n: number) => insert(n, 'DELETE FROM entry WHERE n > 9')
    const writes = Array.from({ length: count }, (_, at) => nothing(at))
    const runOut = () =>
      onNext(writes[0]!.sql, () => {
        lease.remainingMs = () => 0
      })
    const { remainingMs, renew } = lease
    runOut()
    lease.renew = () => {
      lease.remainingMs = remainingMs
      return renew()
    }
    expect((await commit(writes)).told).toEqual(writes.map((_, at) => `${at} done`))
    runOut()
    lease.renew = () => Promise.reject(new LeaseError('LEASE_LOST', 'swept'))
    expect((await commit(writes)).told).toEqual(writes.map((_, at) => `${at} WRITE_CONFLICT`))
    expect(connection.inTransaction).toBe(false)
    expect(isLocked()).toBe(false)
  })
})
